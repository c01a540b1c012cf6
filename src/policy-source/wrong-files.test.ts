import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD, policyText } from '#test/bad-policies.ts';
import { parsePolicy } from './load.ts';
import { PolicyFileError } from './policy-file.ts';

/** Stands for a secret: no part of it may be printed. */
const SECRET = 'c2VjcmV0LW9mLWEtdGVzdA';

async function messageOf(text: string): Promise<string> {
  const error: unknown = await parsePolicy(text, 'p.yaml').then(
    () => assert.fail('it was loaded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PolicyFileError, String(error));
  assert.equal(error.place.startsWith('p.yaml:'), true);
  return error.message;
}

const WRONG_FILES: readonly (readonly [what: string, text: string, message: string])[] = [
  [
    'a token',
    `${SECRET}.${SECRET}\n`,
    'p.yaml:1:1: a text of 45 characters is not allowed here (write a map of fields)',
  ],
  [
    'a file in PEM',
    `-----BEGIN TEST-----\n${SECRET}\n${SECRET}\n-----END TEST-----\n`,
    'p.yaml:1:1: a text of 85 characters is not allowed here (write a map of fields)',
  ],
  ['a list', `- ${SECRET}\n`, 'p.yaml:1:1: a list is not allowed here (write a map of fields)'],
  [
    'a Secret',
    `apiVersion: v1\nkind: Secret\nmetadata: {name: p, labels: {${SECRET}: 1}}\ndata: {tls.key: ${SECRET}}\n`,
    [
      'p.yaml:1:1: apiVersion: a text of 2 characters is not allowed here (write kube-image-bouncer.io/v1alpha1)',
      'p.yaml:2:1: kind: a text of 6 characters is not allowed here (write ImageAdmissionPolicy)',
      'p.yaml:3:21: metadata.labels: a number is not allowed here (write text; put numbers and booleans in quotes)',
      'p.yaml:1:1: spec: it is missing (write a map of fields)',
      'p.yaml:1:1: one key is not known (known keys: apiVersion, kind, metadata, spec)',
    ].join('\n'),
  ],
  [
    'a key that occurs twice',
    `${SECRET}: 1\n${SECRET}: 2\n`,
    'p.yaml:2:1: key (a text) occurs twice (keep one of them)',
  ],
  ['a tag', `key: !${SECRET} 1\n`, 'p.yaml:1:6: Unresolved tag (leave the tag out)'],
  [
    'an alias',
    `key: *${SECRET}\n`,
    'p.yaml:1:6: there is no anchor (a text) above (quote text that begins with "*")',
  ],
  ['a header of a block', `key: |${SECRET}\n`, 'p.yaml:1:7: Block scalar header includes extra characters'],
];

for (const [what, text, message] of WRONG_FILES) {
  test(`XH6 nothing of a wrong file is quoted: ${what}`, async () => {
    const found = await messageOf(text);
    assert.deepEqual(found.split('\n').toSorted(), message.split('\n').toSorted());
    assert.equal(found.includes(SECRET), false);
  });
}

test('XH6 a key of the schema is named, because it is no secret', async () => {
  assert.equal(
    await messageOf(`${HEAD}spec: {}\nspec: {}\n`),
    'p.yaml:5:1: key "spec" occurs twice (keep one of them)',
  );
});

test('XH6 at most 64 characters of a policy are quoted', async () => {
  const long = SECRET.repeat(4);
  for (const rule of [
    `  - {name: a, requiredDigest: {}, validationActions: [${long}]}`,
    `  - {name: a, requiredDigest: {}, ${long}: 1}`,
    `  - {name: a, requiredDigest: {}, match: {resources: [${long}]}}`,
    `  - {name: a, disallowedTags: {tags: [${long}/]}}`,
    `  - {name: a, allowedImages: {images: [${long}]}}`,
  ]) {
    const message = await messageOf(policyText(rule));
    assert.equal(message.includes(long.slice(0, 65)), false, message);
  }
});

test('XH6 a policy with a mistake in its head is quoted, because it says that it is a policy', async () => {
  assert.match(
    await messageOf(HEAD.replace('ImageAdmissionPolicy', 'ImagePolicy')),
    /kind: "ImagePolicy" is not/,
  );
});
