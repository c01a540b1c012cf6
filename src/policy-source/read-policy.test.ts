import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { policyText, ruleText } from '#test/bad-policies.ts';
import { parsePolicy } from './load.ts';
import { PolicyFileError } from './policy-file.ts';
import { examineInThread, readPolicy, type ReadPolicyOptions } from './read-policy.ts';

/** A policy with this many rules. */
function large(rules: number): string {
  return policyText(
    Array.from(
      { length: rules },
      (_, index) =>
        `  - {name: r${index}, match: {namespaces: [n${index}]}, allowedImages: {images: ["r${index}.example.com/**"]}}`,
    ).join('\n'),
  );
}

async function failureOf(text: string, options: ReadPolicyOptions): Promise<PolicyFileError> {
  const error: unknown = await readPolicy(Buffer.from(text), 'p.yaml', options).then(
    () => assert.fail('it was read'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PolicyFileError, String(error));
  return error;
}

describe('a thread reads a policy', () => {
  it('and the policy is the one that this thread would read', async () => {
    const text = ruleText('requiredDigest: {}', 'message: plain', 'messages: {zh: 中文}');
    const policy = await readPolicy(Buffer.from(text), 'p.yaml', { language: 'zh' });
    assert.equal(policy.rules[0]?.message, '中文');
    assert.equal(policy.judge('app:1').findings.length, 1);
  });

  it('and a problem has its code, its message and its place', async () => {
    for (const [text, code, place, message] of [
      ['a: [', 'POLICY_SYNTAX', 'p.yaml:1:5', /^p\.yaml:1:5: /],
      [`${ruleText('requiredDigest: {}')}x: 1\n`, 'POLICY_INVALID', 'p.yaml:9:1', /^p\.yaml:9:1: x: /],
    ] as const) {
      const error = await failureOf(text, {});
      assert.deepEqual([error.code, error.place], [code, place]);
      assert.match(error.message, message);
    }
  });

  it('XH5 within a bound on time', async () => {
    const error = await failureOf(large(1), { examine: examineInThread({ limitMs: 1 }) });
    assert.equal(error.code, 'POLICY_TOO_LARGE');
    assert.equal(
      error.message,
      'p.yaml: reading the policy took more than 0.001 s (use patterns instead of long lists)',
    );
  });

  it('XH5 within a bound on memory', async () => {
    const error = await failureOf(large(1000), { examine: examineInThread({ heapMiB: 12 }) });
    assert.equal(error.code, 'POLICY_TOO_LARGE');
    assert.equal(
      error.message,
      'p.yaml: reading the policy needs more than 12 MiB of memory (use patterns instead of long lists)',
    );
  });

  it('XH5 and making the policy lets other work go first again and again', async () => {
    let time = 0;
    let turns = 0;
    const count = setInterval(() => void (turns += 1), 0);
    try {
      // Each look at the clock finds that a piece has lasted too long.
      await readPolicy(Buffer.from(large(200)), 'p.yaml', { now: () => (time += 11) });
    } finally {
      clearInterval(count);
    }
    assert.ok(time >= 200 * 11, `the clock was read ${time / 11} times`);
    assert.ok(turns > 0);
  });

  it('XH5 and it ends when it is no longer needed', async () => {
    const disposal = new AbortController();
    const reading = failureOf(large(1000), { signal: disposal.signal });
    disposal.abort();
    assert.equal((await reading).code, 'POLICY_UNREADABLE');
  });

  it('XH5 and nothing of it is kept after its answer: a gate reads policies for years', async () => {
    const { signal } = new AbortController();
    await readPolicy(Buffer.from(large(1)), 'p.yaml', { signal });
    await failureOf('a: [', { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

describe('without --allow-worker', () => {
  it('XH5 a small policy is read, and a larger one is refused with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'policy-'));
    try {
      await writeFile(join(folder, 'small.yaml'), ruleText('requiredDigest: {}'));
      await writeFile(join(folder, 'large.yaml'), large(1000));
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--permission',
        '--allow-fs-read=*',
        '--input-type=module',
        '--eval',
        `
        import { readFileSync } from 'node:fs';
        const { examineInThread, readPolicy } = await import(${JSON.stringify(new URL('read-policy.ts', import.meta.url).href)});
        const examine = examineInThread({ onNoThread: () => console.log('no thread') });
        for (const file of ['small.yaml', 'large.yaml']) {
          const bytes = readFileSync(${JSON.stringify(`${folder}/`)} + file);
          await readPolicy(bytes, file, { examine }).then(
            ({ rules }) => console.log(rules.length),
            ({ code, message }) => console.log(code, message),
          );
        }`,
      ]);
      assert.deepEqual(stdout.trim().split('\n'), [
        'no thread',
        '1',
        'no thread',
        'POLICY_TOO_LARGE large.yaml: a policy of more than 65536 bytes needs a thread: start Node with --allow-worker',
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

it('warnings about a policy keep the places that the thread found', async () => {
  const text = policyText(
    '  - {name: a, allowedImages: {images: ["r.example.com/**"]}, exclude: {users: ["system:serviceaccount:kube-system:*"]}}',
  );
  const policy = await readPolicy(Buffer.from(text), 'p.yaml');
  const here = await parsePolicy(text, 'p.yaml');
  assert.ok(here.warnings.length > 0);
  assert.deepEqual(policy.warnings, here.warnings);
});
