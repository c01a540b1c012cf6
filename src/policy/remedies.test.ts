import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalOf, ruleText } from '#test/bad-policies.ts';
import { parsePolicy } from '../policy-source/load.ts';

/** A wrong value in its rule, and the remedy in the hint. The remedy must be in the hint, and can be loaded in its place. */
const REMEDIES: readonly (readonly [rule: string, wrong: string, remedy: string])[] = [
  ['disallowedTags: {?}', "tags: ['*-SNAPSHOT']", "pattern: '.*-SNAPSHOT'"],
  ['disallowedTags: {?}', "tags: [latest, 'v1.*']", String.raw`pattern: 'v1\..*'`],
  ['allowedTags: {semver: ?}', 'banana', '">=1.2.0 <2"'],
  ['allowedTags: {semver: ?}', '1.0.0-2.0.0', '1.0.0 - 2.0.0'],
  ['allowedTags: {semver: ?}', '">2 <1"', '">=1.2.0 <2"'],
  ['allowedTags: {pattern: ?}', '"app:1"', String.raw`v?\d+\.\d+\.\d+`],
  ['allowedImages: {images: [?]}', 'nginx', 'docker.io/library/nginx'],
  ['allowedImages: {images: [?]}', 'docker.io', 'docker.io/my-organization/**'],
  ['allowedImages: {images: [?]}', 'ghcr.io', 'ghcr.io/my-organization/**'],
  ['allowedImages: {images: [?]}', '"*.dkr.ecr.*.amazonaws.com"', 'my-account.dkr.ecr.*.amazonaws.com/**'],
  ['allowedImages: {images: [?]}', '"*"', 'registry.example.com/**'],
  ['disallowedImages: {images: [?]}', '"*"', '*/**'],
  ['exclude: {images: [?]}\n    requiredDigest: {}', '"**"', 'registry.example.com/**'],
  ['match: {resources: [?]}\n    requiredDigest: {}', 'deployments', 'deployments.apps'],
  ['match: {resources: [?]}\n    requiredDigest: {}', 'Pod', 'pods'],
];

describe('X10 a remedy of the loader can be loaded', () => {
  for (const [rule, wrong, remedy] of REMEDIES) {
    it(`X10 ${remedy} in the place of ${wrong}`, async () => {
      const refusal = await refusalOf(ruleText(rule.replace('?', wrong)));
      assert.ok(refusal.includes(remedy), refusal);
      const value = remedy.includes(':') || remedy.startsWith('"') ? remedy : `'${remedy}'`;
      await parsePolicy(ruleText(rule.replace('?', () => value)), 'policy.yaml');
    });
  }

  it('X10 the rule that a policy needs, under which no image would be admitted', async () => {
    const text = ruleText('requiredDigest: {}').replace('unmatchedImages: Allow', 'unmatchedImages: Deny');
    const rule = /such as (\{.*\})\)$/.exec(await refusalOf(text))?.[1] ?? assert.fail('no rule');
    await parsePolicy(`${text}  - ${rule}\n`, 'policy.yaml');
  });
});

it('X10 every bad item of every list of a rule is named, each at its place', async () => {
  const text = ruleText(
    'match: {images: [nginx, "ghcr.io/**", redis], namespaces: [Team-A, a, "*"], users: [""]}',
    'exclude: {groups: ["*"], resources: [pod, pods]}',
    'allowedImages: {images: [busybox, "docker.io/nginx", "ghcr.io/a/**", "Quay.io/a/b"]}',
  );
  await assert.rejects(parsePolicy(text, 'p.yaml'), (error) => {
    assert.ok(error instanceof Error);
    const places = error.message
      .split('\n')
      .map((line) => /^p\.yaml:(\d+:\d+): (\S+):/.exec(line)?.slice(1).join(' '));
    assert.deepEqual(places, [
      '8:22 spec.rules[0].match.images[0]',
      '8:43 spec.rules[0].match.images[2]',
      '8:64 spec.rules[0].match.namespaces[0]',
      '8:75 spec.rules[0].match.namespaces[2]',
      '8:89 spec.rules[0].match.users[0]',
      '9:42 spec.rules[0].exclude.resources[0]',
      '9:24 spec.rules[0].exclude.groups[0]',
      '10:30 spec.rules[0].allowedImages.images[0]',
      '10:39 spec.rules[0].allowedImages.images[1]',
      '10:74 spec.rules[0].allowedImages.images[3]',
    ]);
    return true;
  });
});
