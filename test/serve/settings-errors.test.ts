import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { certificates } from './certificates.ts';
import { runCommandLine, startServe } from './gate-process.ts';

/** The error of a `serve` that cannot run: exit code 2, no stack, and nothing on stdout. */
async function refusalOf(
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, stdout, stderr } = await runCommandLine(['serve', ...args], variables);
  assert.equal(code, 2, stderr);
  assert.doesNotMatch(stderr, /\n\s+at |node:internal/);
  assert.equal(stdout, '');
  return stderr;
}

describe('a serve that cannot run exits with 2 and one sentence', { concurrency: 4 }, () => {
  it('an unknown option, and a missing value', async () => {
    assert.match(
      await refusalOf(['--self-sighned']),
      /^error: unknown option '--self-sighned'\n\(Did you mean --self-signed\?\)\n$/,
    );
    assert.match(await refusalOf(['--port']), /^error: option '-p, --port <number>' argument missing\n$/);
  });

  it('two options that exclude each other', async () => {
    const { certificateFile } = await certificates;
    assert.equal(
      await refusalOf(['--self-signed'], { BOUNCER_CERTIFICATE: certificateFile }),
      'error: --self-signed makes a certificate, and --cert and --key give one: use one of them\n',
    );
  });

  it('a variable that is neither true nor false', async () => {
    assert.equal(
      await refusalOf([], { BOUNCER_DEBUG: 'maybe' }),
      'error: BOUNCER_DEBUG: "maybe" is neither "true" nor "false"\n',
    );
  });

  it('a port that is in use, for reviews or for health', async () => {
    await using gate = await startServe([]);
    for (const [args, option, port] of [
      [[`--port=${gate.port}`, '--health-port=0'], '--port', gate.port],
      [['--port=0', `--health-port=${gate.healthPort}`], '--health-port', gate.healthPort],
    ] as const) {
      const message = await refusalOf(args);
      assert.match(
        message,
        new RegExp(`^error: ${option} ${port}: the gate cannot listen on it: listen EADDRINUSE.*\n$`),
      );
    }
  });

  it('a policy file that cannot be read', async () => {
    await using folder = await makeTemporaryFolder('policy');
    await mkdir(join(folder.path, 'policy.yaml'));
    assert.match(
      await refusalOf(['--port=0', `--policy=${folder.path}/policy.yaml`]),
      /^error: .*policy\.yaml: the policy cannot be read: EISDIR/,
    );
  });

  it('a state folder that cannot be created, and an invalid name for a certificate', async () => {
    const { certificateFile } = await certificates;
    await using folder = await makeTemporaryFolder('state');
    const refusal = await refusalOf(['--self-signed', `--state-dir=${certificateFile}/below`]);
    const folderOfFile = `error: --state-dir: ${certificateFile}/below: certificates cannot be stored here: ENOTDIR`;
    assert.ok(refusal.startsWith(folderOfFile), refusal);
    assert.equal(
      await refusalOf(['--self-signed', `--state-dir=${folder.path}`, '--host-names=a_b']),
      'error: --host-names: a serving certificate cannot be made for "a_b"\n',
    );
  });
});
