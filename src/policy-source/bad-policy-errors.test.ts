import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { refusalOf, ruleText } from '#test/bad-policies.ts';
import { policyDocument } from '#test/policies.ts';
import { ImagePatternError } from '../image/pattern-text.ts';
import { decodePolicy, PolicyProblemsError } from '../policy/decode.ts';
import { examinePolicy, loadPolicy, parsePolicy } from './load.ts';
import { MAX_POLICY_BYTES, PolicyFileError } from './policy-file.ts';
import { ParameterError } from '../policy/parameter-error.ts';
import { parseResource } from '../policy/resource.ts';
import { parseTagPattern } from '../policy/rules/tag-pattern.ts';
import { PolicyStore } from './store.ts';

const GOOD = ruleText('requiredDigest: {}');

/** The error with which a promise rejects. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it was accepted'),
    (error: unknown) => error,
  );
}

describe('the error of a policy has a name, a code and a cause', () => {
  it('for a document with several problems', async () => {
    const error = await failure(
      decodePolicy({
        ...policyDocument([{ name: 'a' }, { name: 'b', match: { users: ['*'] }, requiredDigest: {} }]),
      }),
    );
    assert.ok(error instanceof PolicyProblemsError);
    assert.equal(error.name, 'PolicyProblemsError');
    assert.equal(
      error.message,
      error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
    assert.match(
      error.message,
      /^spec\.rules\.0: .*; spec\.rules\.1\.match\.users\.0: "\*" matches every name$/,
    );
  });

  it('for a parameter with the right type and an invalid value', async () => {
    const bad = await failure(
      decodePolicy(policyDocument([{ name: 'a', allowedImages: { images: ['nginx'] } }])),
    );
    assert.ok(bad instanceof PolicyProblemsError);
    assert.deepEqual(bad.problems[0]?.path, ['spec', 'rules', 0, 'allowedImages', 'images', 0]);
    const error = await failure(parseTagPattern('('));
    assert.ok(error instanceof ParameterError && error.cause instanceof Error);
    assert.deepEqual([error.name, error.problems[0]?.path], ['ParameterError', ['pattern']]);
    const pattern = new ImagePatternError('PATTERN_EMPTY', 'm', 'h');
    assert.equal(pattern.name, 'ImagePatternError');
  });

  it('for a file: POLICY_SYNTAX and POLICY_INVALID', async () => {
    for (const [text, code, message, cause] of [
      ['a: [', 'POLICY_SYNTAX', /^p\.yaml:1:5: /, undefined],
      [
        '',
        'POLICY_SYNTAX',
        /^p\.yaml:1:1: the policy is empty \(write a policy, or leave --policy out\)$/,
        undefined,
      ],
      [`${GOOD}---\na: 1\n`, 'POLICY_SYNTAX', /^p\.yaml:\d+:1: a second document begins here/, undefined],
      [`${GOOD}x: 1\n`, 'POLICY_INVALID', /^p\.yaml:\d+:1: x: /, PolicyProblemsError],
    ] as const) {
      const error = await failure(parsePolicy(text, 'p.yaml'));
      assert.ok(error instanceof PolicyFileError);
      assert.deepEqual([error.name, error.code], ['PolicyFileError', code]);
      assert.match(error.message, message);
      if (cause === undefined) assert.equal(error.cause, undefined);
      else assert.ok(error.cause instanceof cause);
    }
  });

  it('the path in a message begins without a dot and keeps the dots of keys', async () => {
    assert.match(await refusalOf(`${GOOD}"a.b": 1\n`), /^policy\.yaml:\d+:1: a\.b: /);
    const labelled = GOOD.replace('{name: p}', '{name: p, labels: {".a": 1}}');
    assert.match(await refusalOf(labelled), /^policy\.yaml:3:\d+: metadata\.labels\.\.a: /);
  });
});

describe('a policy file that is too large', () => {
  it('is loaded when it is small enough again, even if the text is the same as before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'policy-'));
    try {
      const file = join(folder, 'policy.yaml');
      await writeFile(file, GOOD + '#'.repeat(MAX_POLICY_BYTES - GOOD.length));
      assert.equal((await loadPolicy(file)).identity.name, 'p');

      await using store = new PolicyStore({ file, settleMs: 2, examine: examinePolicy });
      await writeFile(file, GOOD);
      assert.equal((await store.reload()).result, 'loaded');
      assert.equal((await store.reload()).result, 'unchanged');
      await truncate(file, MAX_POLICY_BYTES + 1);
      const kept = await store.reload();
      assert.ok(kept.result === 'kept' && kept.error.code === 'POLICY_TOO_LARGE');
      assert.equal(store.problem()?.code, 'POLICY_TOO_LARGE');
      await writeFile(file, GOOD);
      assert.equal((await store.reload()).result, 'loaded');
      assert.equal(store.problem(), undefined);

      await writeFile(file, 'a: [');
      const broken = await store.reload();
      assert.ok(broken.result === 'kept' && broken.error.code === 'POLICY_SYNTAX');
      const again = await store.reload();
      // A megabyte that is parsed every five seconds stalls reviews.
      assert.ok(again.result === 'kept' && again.error === broken.error, 'the same text is not parsed again');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the name of a resource', () => {
  const known = new Set(['pods', 'widgets.example.com', 'v.example.com']);
  const meant = (text: string): string => {
    try {
      return parseResource(text, [], known);
    } catch (error) {
      assert.ok(error instanceof ParameterError);
      return error.problems[0]?.hint ?? '';
    }
  };

  it('is similar to another if they differ by one typing error', () => {
    for (const slip of [
      'idgets.example.com',
      'widgets.example.co',
      'wwidgets.example.com',
      'widgets.example.comm',
      'wigdets.example.com',
      'widgets.example.cmo',
      'xidgets.example.com',
      'widgetz.example.com',
    ])
      assert.equal(meant(slip), 'write widgets.example.com', slip);
    assert.throws(() => parseResource('wigdets.example.com', [], known), {
      message: '"wigdets.example.com" is similar to widgets.example.com',
    });
  });

  it('is not similar if they differ by more', () => {
    for (const other of [
      'gets.example.com',
      'widgets.example.org',
      'wgiedts.example.com',
      'wxxgets.example.com',
      'wids.example.com',
      'xwidgetsx.example.com',
    ])
      assert.equal(meant(other), other);
  });

  it('is a plural with a group with a dot, has at most 253 characters, and has no version', () => {
    const longest = `${'w'.repeat(240)}.example.comx`;
    assert.equal(longest.length, 253);
    for (const text of [
      longest,
      'w.x.y',
      'a-b.c-d.e-f',
      '0w.x0.y',
      'w.vx.example.com',
      'w.v1x.example.com',
      'w.xv1.example.com',
    ])
      assert.equal(meant(text), text);
    for (const text of [
      `${longest}x`,
      'w.x',
      'w.x.y-',
      '-w.x.y',
      'w.-x.y',
      'w.x..y',
      'W.x.y',
      'w.x.y ',
      ' w.x.y',
      'w.x.y/z',
      'w.v1.example.com',
      'w.v12.example.com',
      'w.v1beta1.example.com',
      'w.v1alpha12.example.com',
      'w.example.v1',
      'w.example.v10beta1',
    ])
      assert.match(meant(text), /^known: /, text);
  });
});

test('patterns and ranges check the whole tag', async () => {
  const policy = async (allowedTags: object) => decodePolicy(policyDocument([{ name: 'a', allowedTags }]));
  const refuses = async (allowedTags: object, tag: string): Promise<boolean> =>
    (await policy(allowedTags)).judge(`app:${tag}`).findings.length > 0;
  for (const tag of ['1.2.3', 'v1.2.3', '1.10.13', '12.0.0'])
    assert.equal(await refuses({ semver: '>=1.2.3' }, tag), false, tag);
  for (const tag of ['x1.2.3', '1.2', 'vv1.2.3', '1.2.2', '1.2.3-rc1', 'release-1.2.3'])
    assert.equal(await refuses({ semver: '>=1.2.3' }, tag), true, tag);
  for (const pattern of ['[a-z]+|0', '[0-9_.a-z-]*[0-9_z]', '[a-z_.-]+'])
    assert.equal(
      await refuses({ pattern }, 'A'),
      true,
      `${pattern} is accepted, because it refuses some tags`,
    );
});
