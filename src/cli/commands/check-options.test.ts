import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ruleText } from '#test/bad-policies.ts';
import { bouncer, folderOf, type Outcome } from '#test/command-line.ts';

const GOOD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec:\n  containers:\n  - {name: web, image: nginx:1.27}\n';
const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: prod}\nspec: {template: {spec: {containers: [{name: a, image: a:1}, {name: b, image: b}]}}}\n';

/** Checks one text on standard input. */
function checkText(stdin: string, ...args: readonly string[]): Promise<Outcome> {
  return bouncer(['check', ...args], { stdin });
}

describe('check: options', () => {
  it('flip: --namespace applies to objects without a namespace', async () => {
    await using folder = await folderOf({
      'p.yaml': ruleText('match: {namespaces: [prod]}', 'requiredDigest: {}').replace('Deny', 'Allow'),
    });
    const check = async (text: string, ...args: readonly string[]): Promise<number> =>
      (await checkText(text, '--policy', folder.file('p.yaml'), ...args)).code;
    assert.equal(await check(GOOD, '--namespace', 'prod'), 1);
    assert.equal(await check(GOOD, '--namespace', 'dev'), 0);
    assert.equal(await check(GOOD), 1, 'not known, and so it applies');
    assert.equal(await check(DEPLOYMENT, '--namespace', 'dev'), 1, 'the object names its own');
  });

  it('flip: --policy replaces the default policy', async () => {
    await using folder = await folderOf({ 'p.yaml': ruleText('requireFullyQualified: {}') });
    assert.equal((await checkText(GOOD)).code, 0);
    assert.equal((await checkText(GOOD, '--policy', folder.file('p.yaml'))).code, 1);
  });

  it('flip: --allowed-registries refuses images of other registries, under both of its names', async () => {
    for (const name of ['--allowed-registries', '--registry-whitelist']) {
      assert.equal((await checkText(GOOD, name, 'ghcr.io, docker.io')).code, 0);
      const { code, stdout } = await checkText(GOOD, name, 'ghcr.io');
      assert.equal(code, 1);
      assert.match(stdout, /Images from this registry are not allowed/);
    }
  });

  it('flip: --output json prints one document with all results', async () => {
    const { stdout } = await checkText(DEPLOYMENT, '--output', 'json');
    const { objects, refused } = JSON.parse(stdout) as { objects: unknown; refused: unknown };
    assert.equal(refused, 1);
    assert.deepEqual(objects, [
      {
        place: 'stdin:1:1',
        file: 'stdin',
        line: 1,
        column: 1,
        endLine: 1,
        endColumn: 11,
        object: 'Deployment web',
        namespace: 'prod',
        verdict: 'refused',
        images: [
          {
            field: 'spec.template.spec.containers[0].image',
            usage: 'container',
            container: 'a',
            image: 'a:1',
          },
          { field: 'spec.template.spec.containers[1].image', usage: 'container', container: 'b', image: 'b' },
        ],
        violations: [
          {
            place: 'stdin:4:72',
            file: 'stdin',
            line: 4,
            column: 72,
            endLine: 4,
            endColumn: 80,
            code: 'DISALLOWED_TAG',
            actions: ['Deny'],
            rule: 'no-latest',
            field: 'spec.template.spec.containers[1].image',
            usage: 'container',
            container: 'b',
            image: 'b',
            reason: 'no tag means tag "latest", which is not allowed',
            remedy: 'name a fixed version or a digest',
            message: 'Images using latest tag are not allowed',
          },
        ],
        notes: [],
      },
    ]);
  });

  it('flip: --output chooses the form of the results', async () => {
    const starts = {
      table: /^refused  stdin:4:72 /,
      json: /^\{\n  "objects": \[/,
      ndjson: /^\{"type":"object",/,
      junit: /^<\?xml version="1\.0"/,
      sarif: /^\{\n  "\$schema": /,
      github: /\n::error file=stdin,line=4,/,
    };
    for (const [format, start] of Object.entries(starts)) {
      const { code, stdout } = await checkText(DEPLOYMENT, '--output', format);
      assert.equal(code, 1);
      assert.match(stdout, start);
    }
    assert.equal((await checkText(DEPLOYMENT, '--output', 'xml')).code, 2);
  });

  it('flip: --fail-on warn fails if a rule warns', async () => {
    await using folder = await folderOf({
      'p.yaml': ruleText('requiredDigest: {}', 'validationActions: [Warn]'),
    });
    const check = async (...args: readonly string[]): Promise<number> =>
      (await checkText(GOOD, '--policy', folder.file('p.yaml'), ...args)).code;
    assert.equal(await check(), 0);
    assert.equal(await check('--fail-on', 'deny'), 0);
    assert.equal(await check('--fail-on', 'unread', '--fail-on', 'warn'), 1);
    assert.equal(await check('--fail-on', 'audit'), 2, 'not a kind');
  });

  it('XH8 warnings about the policy are on standard error, with file, line and column', async () => {
    await using folder = await folderOf({
      'p.yaml': ruleText('exclude: {users: ["system:*"]}', 'requiredDigest: {}'),
    });
    const { stdout, stderr } = await checkText(GOOD, '--policy', folder.file('p.yaml'), '--output', 'json');
    JSON.parse(stdout);
    assert.match(
      stderr,
      /^warning: EXCLUDES_CONTROLLERS: .*p\.yaml:8:23: spec\.rules\[0\]\.exclude\.users\[0\]: .*\n$/,
    );
  });
});
