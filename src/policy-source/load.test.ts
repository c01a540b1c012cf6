import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { HEAD, policyText, refusalOf, ruleText } from '#test/bad-policies.ts';
import { loadPolicy, parsePolicy } from './load.ts';
import { MAX_POLICY_BYTES, PolicyFileError, type PolicyFileErrorCode } from './policy-file.ts';

const GOOD = ruleText('requiredDigest: {}');

describe('a policy file', () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'policy-'))));
  after(() => rm(folder, { recursive: true }));

  /** Writes a file, and returns the error of loading it. */
  async function failureOf(content: string | Uint8Array): Promise<PolicyFileError> {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, content);
    return failureAt(file);
  }

  async function failureAt(file: string): Promise<PolicyFileError> {
    const error: unknown = await loadPolicy(file).then(
      () => assert.fail('it was loaded'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PolicyFileError, String(error));
    return error;
  }

  it('is loaded as YAML, as JSON, with a byte order mark, with CRLF, and with the maximum length', async () => {
    const json = JSON.stringify(
      {
        apiVersion: 'kube-image-bouncer.io/v1alpha1',
        kind: 'ImageAdmissionPolicy',
        metadata: { name: 'p' },
        spec: { unmatchedImages: 'Allow', rules: [{ name: 'a', requiredDigest: {} }] },
      },
      null,
      '\t',
    );
    const padded = `${GOOD}#${' '.repeat(MAX_POLICY_BYTES - GOOD.length - 1)}`;
    const file = join(folder, 'policy.yaml');
    const revisions = new Set<string>();
    for (const text of [
      GOOD,
      json,
      `\uFEFF${GOOD}`,
      GOOD.replaceAll('\n', '\r\n'),
      padded,
      `---\n${GOOD}---\n# end\n`,
    ]) {
      await writeFile(file, text);
      revisions.add((await loadPolicy(file)).identity.revision);
    }
    assert.equal(revisions.size, 1, 'all of them have the same meaning');
  });

  it('flip: language selects the messages of the rules', async () => {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, ruleText('requiredDigest: {}', 'message: plain', 'messages: {zh: 中文}'));
    assert.equal((await loadPolicy(file)).rules[0]?.message, 'plain');
    assert.equal((await loadPolicy(file, 'zh')).rules[0]?.message, '中文');
  });

  it('that is missing, a folder, or not a policy is refused with its name', async () => {
    const table: readonly (readonly [string, PolicyFileErrorCode, RegExp])[] = [
      [join(folder, 'absent.yaml'), 'POLICY_UNREADABLE', /absent\.yaml: the policy cannot be read: ENOENT/],
      [folder, 'POLICY_UNREADABLE', /: the policy cannot be read: EISDIR/],
    ];
    for (const [file, code, message] of table) {
      const error = await failureAt(file);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.cause instanceof Error);
    }
    assert.equal((await failureOf('a: [')).code, 'POLICY_SYNTAX');
    assert.equal((await failureOf('a: 1')).code, 'POLICY_INVALID');
  });

  it('of more than a mebibyte is not read', async () => {
    const error = await failureOf(`${GOOD}#${' '.repeat(MAX_POLICY_BYTES - GOOD.length)}`);
    assert.equal(error.code, 'POLICY_TOO_LARGE');
    assert.match(error.message, /policy\.yaml: the policy has more than 1048576 bytes, the maximum$/);
    // A file may grow while it is read. This one never ends.
    assert.equal((await failureAt('/dev/zero')).code, 'POLICY_TOO_LARGE');
  });

  it('that is not UTF-8 is refused with the position of the first wrong byte', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEAD}# é`),
      Buffer.from([0xe9]),
      Buffer.from('\nspec: {}\n'),
    ]);
    const error = await failureOf(bytes);
    assert.equal(error.code, 'POLICY_SYNTAX');
    assert.match(error.message, /policy\.yaml:4:4: these bytes are not UTF-8 \(save the file as UTF-8\)$/);
    assert.equal((await failureOf(Buffer.from(`\uFEFF${GOOD}`, 'utf16le'))).code, 'POLICY_SYNTAX');
  });

  it('is followed through a link', async () => {
    await writeFile(join(folder, 'real.yaml'), GOOD);
    await symlink('real.yaml', join(folder, 'link.yaml'));
    assert.equal((await loadPolicy(join(folder, 'link.yaml'))).identity.name, 'p');
  });
});

test('one message has a line for each problem of a policy', async () => {
  const text = `${HEAD}spec:\n  unmatchedImages: Maybe\n  rules:\n  - {name: a, match: {users: []}, x: 1}\n`;
  await assert.rejects(parsePolicy(text, 'p.yaml'), (error) => {
    assert.ok(error instanceof PolicyFileError);
    assert.deepEqual(
      error.message
        .split('\n')
        .map((line) => line.split(' ').slice(0, 2).join(' '))
        .toSorted(),
      [
        'p.yaml:5:3: spec.unmatchedImages:',
        'p.yaml:7:23: spec.rules[0].match.users:',
        'p.yaml:7:35: spec.rules[0].x:',
      ],
    );
    return true;
  });
});

test('a message lists the first of very many problems', async () => {
  const text = `${HEAD}${Array.from({ length: 2000 }, (_, index) => `key${index}: 1`).join('\n')}`;
  await assert.rejects(parsePolicy(text, 'p.yaml'), (error) => {
    assert.ok(error instanceof PolicyFileError);
    const lines = error.message.split('\n');
    assert.deepEqual([lines.length, lines.at(-1)], [21, 'p.yaml: and 1981 more problems']);
    return true;
  });
});

test('C11 words that were booleans in YAML 1.1 are text, whatever version the file claims', async () => {
  const rule = ruleText('disallowedTags: {tags: [no, on, off, y, 0o17.1, 1_0, 2026-01-01]}', 'message: yes');
  for (const text of [rule, `%YAML 1.1\n---\n${rule}`]) {
    assert.equal((await parsePolicy(text, 'p.yaml')).rules[0]?.message, 'yes');
  }
});

test('anchors and aliases are accepted', async () => {
  const text = policyText(
    '  - {name: a, match: &m {users: [alice]}, requiredDigest: {}}\n  - {name: b, match: *m, requireFullyQualified: {}}',
  );
  const { rules } = await parsePolicy(text, 'p.yaml');
  assert.deepEqual(
    rules.map(({ match }) => match?.users?.length),
    [1, 1],
  );
});

test('a problem behind an alias is reported at the anchor', async () => {
  const text = policyText(
    '  - {name: a, match: &m {users: ["*"]}, requiredDigest: {}}\n  - {name: b, match: *m, requiredDigest: {}}',
  );
  await assert.rejects(
    parsePolicy(text, 'p.yaml'),
    /p\.yaml:7:34: spec\.rules\[0\].*\np\.yaml:7:34: spec\.rules\[1\]/,
  );
});

test('a hostile key is escaped in the message', async () => {
  const message = await refusalOf(`${HEAD}"\\e[2J\\nok": 1\n`);
  assert.doesNotMatch(message, /[^\x20-\x7e]/);
});

test('the time to load a policy is not quadratic in the number of its keys', async () => {
  const few = await fastestRefusal(4000);
  const many = await fastestRefusal(64_000);
  // 16 times the keys: at most about 16 times the time if it is linear, and far more if each is compared with each. The
  // clock of CPU time has steps of some milliseconds.
  assert.ok(many < 36 * Math.max(few, 4), `4,000 keys: ${few} ms, 64,000 keys: ${many} ms`);
});

/** CPU time in milliseconds that it takes to refuse a document with this many unknown keys. */
async function fastestRefusal(count: number): Promise<number> {
  const keys = Array.from({ length: count }, (_, index) => `k${index}:`).join('\n');
  let fastest = Infinity;
  for (let run = 0; run < 3; run += 1) {
    const started = process.threadCpuUsage();
    await refusalOf(keys);
    const { user, system } = process.threadCpuUsage(started);
    fastest = Math.min(fastest, (user + system) / 1000);
  }
  return fastest;
}
