import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NODE_FLAGS } from '../../src/control-plane/gate-command.ts';
import { renderGateUnit } from '../../src/control-plane/gate-unit.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { askImages, look } from './ask.ts';
import { certificates } from './certificates.ts';
import { runCommandLine, startServe, type GateProcess } from './gate-process.ts';

/** On a signal, tries operations that no code in a gate should be able to do, and writes the results to stderr. */
const INTRUDER = `
  import { execFile } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  import { Worker } from 'node:worker_threads';
  const attempts = {
    child: () => execFile('true'),
    worker: () => new Worker('', { eval: true }),
    write: () => writeFileSync('/tmp/kube-image-bouncer-intruder', ''),
    eval: () => (0, eval)('1'),
    function: () => new Function('return 1')(),
    proto: () => ({}).__proto__ === undefined && (() => { throw new ReferenceError() })(),
    pollute: () => { Object.prototype.allowed = true; },
    replace: () => { Array.prototype.every = () => true; },
  };
  const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code ?? error.name; } };
  process.on('SIGUSR2', () => {
    const outcome = Object.entries(attempts).map(([name, act]) => [name, attempt(act)]);
    process.stderr.write('intruder ' + JSON.stringify(Object.fromEntries(outcome)) + ';\\n');
  });
`;

/** A policy with this many rules. */
function policyOf(rules: number): string {
  const lines = Array.from(
    { length: rules },
    (_, index) =>
      `  - {name: r${index}, match: {namespaces: [team-${index}]}, disallowedTags: {tags: [latest]}}`,
  );
  const head =
    'apiVersion: kube-image-bouncer.io/v1alpha1\nkind: ImageAdmissionPolicy\nmetadata: {name: p}\n';
  return `${head}spec:\n  unmatchedImages: Allow\n  rules:\n${lines.join('\n')}\n`;
}

async function intrude(gate: GateProcess): Promise<Record<string, string>> {
  gate.kill('SIGUSR2');
  const [, outcome = ''] = await gate.printed(/intruder (.*);/);
  return JSON.parse(outcome) as Record<string, string>;
}

const FROZEN = { proto: 'ReferenceError', pollute: 'TypeError', replace: 'TypeError' };

describe('the process of the gate', { concurrency: 4 }, () => {
  it('F05 has frozen prototypes and no __proto__, with every start command', async () => {
    await using gate = await startServe([], { preload: INTRUDER });
    const { proto, pollute, replace } = await intrude(gate);
    assert.deepEqual({ proto, pollute, replace }, FROZEN);
    assert.equal((await askImages(gate, ['nginx:1.27.3'])).allowed, true);
  });

  it('started as in the systemd unit, it serves, and cannot start processes, write files or evaluate code', async () => {
    const { certificateFile, keyFile, authority } = await certificates;
    const clientAuthority = 'authority';
    const folder = (await makeTemporaryFolder('unit')).path;
    const place = { address: '127.0.0.1', port: 0, healthPort: 0 };
    const unit = renderGateUnit({ ...place, folder, program: 'PROGRAM', clientAuthority });
    const [, command = ''] = /^ExecStart=([^]*?[^\\])\n/m.exec(unit) ?? [];
    const words = command.split(' \\\n  ');
    const flags = words.slice(words.indexOf('node') + 1, words.indexOf('PROGRAM'));
    const args = words
      .slice(words.indexOf('PROGRAM') + 1)
      .filter((word) => !/--(cert|key|client|policy)/.test(word));
    await using gate = await startServe([...args, `--cert=${certificateFile}`, `--key=${keyFile}`], {
      flags,
      preload: INTRUDER,
    });
    const denied = { child: 'ERR_ACCESS_DENIED', worker: 'done', write: 'ERR_ACCESS_DENIED' };
    assert.deepEqual(await intrude(gate), { ...denied, eval: 'EvalError', function: 'EvalError', ...FROZEN });
    assert.equal((await askImages(gate, ['nginx:1.27.3'], { ca: authority })).allowed, true);
    assert.equal((await look(gate, '/metrics')).status, 200);
    gate.kill('SIGTERM');
    assert.equal(await gate.ended, 0);
  });

  it('XH5 started as in the systemd unit, it reads a policy that only the thread may read; without --allow-worker it says what to do', async () => {
    await using folder = await makeTemporaryFolder('unit');
    const file = join(folder.path, 'policy.yaml');
    await writeFile(file, policyOf(1));
    const flags = [...NODE_FLAGS, '--allow-fs-read=*'];
    await using gate = await startServe([`--policy=${file}`], { flags });
    await using bare = await startServe([`--policy=${file}`], {
      flags: flags.filter((flag) => flag !== '--allow-worker'),
    });
    const { level, problem } = await bare.line('policies are read without a thread');
    assert.deepEqual(
      [level, problem],
      ['warn', 'Node has no --allow-worker, so a policy of more than 65536 bytes is not read'],
    );
    const text = policyOf(1000);
    assert.ok(text.length > 65_536);
    const [read, unread] = [gate, bare].map((one) => one.lines().length);
    await writeFile(file, text);
    assert.ok((await gate.lineAfter(read ?? 0, 'policy loaded'))['policy']);
    const refusal = await bare.lineAfter(unread ?? 0, 'policy not loaded; the last good one stays active');
    assert.deepEqual(
      [refusal['code'], refusal['problem']],
      [
        'POLICY_TOO_LARGE',
        `${file}: a policy of more than 65536 bytes needs a thread: start Node with --allow-worker`,
      ],
    );
    assert.ok(!gate.lines().some(({ msg }) => msg === 'policies are read without a thread'));
    assert.doesNotMatch(gate.stderr(), /Warning/);
  });

  it('with the permission model it makes its own certificate in a folder that it may write', async () => {
    await using folder = await makeTemporaryFolder('state');
    const flags = [...NODE_FLAGS, '--allow-fs-read=*', `--allow-fs-write=${folder.path}/*`];
    const options = ['--self-signed', `--state-dir=${folder.path}`, '--bind=127.0.0.1'];
    await using gate = await startServe(options, { flags });
    assert.equal(gate.scheme, 'https');
  });

  it('G22 does not start if the environment changes Node, and reports the remedy', async () => {
    for (const [name, value, remedy] of [
      [
        'NODE_OPTIONS',
        '--require=./spy.cjs',
        /^error: NODE_OPTIONS: "--require=\.\/spy\.cjs" .*: unset it, and /,
      ],
      ['NODE_TLS_REJECT_UNAUTHORIZED', '0', /^error: NODE_TLS_REJECT_UNAUTHORIZED=0 .*: unset it$/m],
    ] as const) {
      const { code, stderr } = await runCommandLine(['--port=0'], { [name]: value });
      assert.deepEqual([code, remedy.test(stderr)], [2, true], stderr);
      const explained = await runCommandLine(['explain', 'nginx:1'], { [name]: value });
      assert.equal(explained.code, 0, 'other commands start, because they make no decision in a cluster');
    }
    await using gate = await startServe([], {
      variables: { NODE_OPTIONS: '', NODE_TLS_REJECT_UNAUTHORIZED: '1' },
    });
    assert.ok(gate.lines().every(({ problem }) => !String(problem).includes('NODE_')));
  });

  it('G22 ignores NODE_EXTRA_CA_CERTS, and logs this', async () => {
    const { authority, write } = await certificates;
    const extra = await write('extra.crt', authority);
    const preload = `
      import { getCACertificates } from 'node:tls';
      process.on('SIGUSR2', () => process.stderr.write('authorities ' + getCACertificates('default').some((one) => one.trim() === ${JSON.stringify(authority.trim())}) + ';'));
    `;
    await using gate = await startServe([], { preload, variables: { NODE_EXTRA_CA_CERTS: extra } });
    gate.kill('SIGUSR2');
    const [, isTrusted] = await gate.printed(/authorities (\w+);/);
    assert.equal(isTrusted, 'false');
    const warned = gate
      .lines()
      .filter(({ problem }) => String(problem).startsWith('NODE_EXTRA_CA_CERTS is ignored: '));
    assert.deepEqual(
      warned.map(({ level }) => level),
      ['warn'],
    );
  });
});
