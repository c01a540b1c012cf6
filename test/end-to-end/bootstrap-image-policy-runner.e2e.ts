import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GATE_FILES, renderGateArguments } from '../../src/control-plane/gate-command.ts';
import { parseGateKubeconfig } from '../../src/control-plane/gate-kubeconfig.ts';
import { newestKubernetes } from '../control-plane/binaries.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/free-ports.ts';
import { type Node, startNode } from './support/node.ts';
import { latestRefused } from './support/objects.ts';
import { type RunningProcess, startProcess } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';

/** The program in the unit. */
const PROGRAM = '/usr/local/bin/kube-image-bouncer';

const bouncer = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

/** The command line of another runner, with the files that were written for it. */
async function ownWords(node: Node): Promise<readonly string[]> {
  const kubeconfig = await readFile(join(node.folder, GATE_FILES.kubeconfig), 'utf8');
  const { server } = parseGateKubeconfig(kubeconfig, 'kubeconfig.yaml');
  return [
    bouncer,
    ...renderGateArguments({
      folder: node.folder,
      keyFile: join(node.folder, GATE_FILES.key),
      clientAuthority: 'authority',
      address: '127.0.0.1',
      port: Number(new URL(server?.value ?? '').port),
      healthPort: await freePort(),
    }),
  ];
}

/** The words behind `node` in the unit that was written. systemd reads the key and replaces `%d`. */
async function unitWords(node: Node): Promise<readonly string[]> {
  const unit = await readFile(join(node.kubernetes, 'kube-image-bouncer.service'), 'utf8');
  const [, command = ''] = /^ExecStart=([^]*?[^\\])\n/m.exec(unit) ?? [];
  const words = command.split(' \\\n  ');
  return words
    .slice(words.indexOf('node') + 1)
    .map((word) =>
      word === PROGRAM ? bouncer : word.replace('%d/tls.key', join(node.folder, GATE_FILES.key)),
    );
}

/** Starts the gate as a runner would. */
async function startGate(node: Node, words: readonly string[]): Promise<RunningProcess> {
  const gate = startProcess({
    program: process.execPath,
    arguments: words,
    environment: { PATH: process.env['PATH'] },
    workingFolder: node.folder,
    logFile: join(node.kubernetes, '..', 'gate.log'),
  });
  const [healthPort] = words.flatMap((word) => /^--health-port=(\d+)$/.exec(word)?.slice(1) ?? []);
  await eventually('the gate is ready', async () =>
    (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok ? true : undefined,
  );
  return gate;
}

/** XH5: with exactly the flags of the unit, the gate reads a policy that only its thread may read. */
async function assertReloads(node: Node, gate: RunningProcess, words: readonly string[]): Promise<void> {
  assert.ok(words.includes('--permission') && words.includes('--allow-worker'), words.join(' '));
  const file = join(node.folder, GATE_FILES.policy);
  const before = await readFile(file, 'utf8');
  const rules = Array.from(
    { length: 1000 },
    (_, index) =>
      `  - {name: r${index}, match: {namespaces: [team-${index}]}, disallowedTags: {tags: [latest]}}`,
  );
  const head =
    'apiVersion: kube-image-bouncer.io/v1alpha1\nkind: ImageAdmissionPolicy\nmetadata: {name: large}\n';
  await writeFile(file, `${head}spec:\n  unmatchedImages: Allow\n  rules:\n${rules.join('\n')}\n`);
  await eventually('the large policy is loaded', async () =>
    /"name":"large".*"policy loaded"/.test(await gate.logTail()) ? true : undefined,
  );
  assert.doesNotMatch(await gate.logTail(), /without a thread|Warning/);
  await writeFile(file, before);
}

for (const runner of ['none', 'systemd'] as const) {
  describe(`a gate that ${runner === 'none' ? 'another runner' : runner} starts`, () => {
    const node = shared(() => startNode({ environment: process.env, version: newestKubernetes }));

    scenario(
      `[${runner}] the API server is not changed while the gate does not run, and is wired when it runs`,
      async () => {
        const before = await node().tree();
        const manifest = await readFile(node().manifest, 'utf8');
        const words = [`--gate=${runner}`, '--apply', `--kubeconfig=${node().kubeconfig}`, '--timeout=60'];
        const early = await node().bootstrap(...words);
        assert.equal(early.code, 1, early.stderr);
        assert.match(early.stderr, /the API server was not changed: /);
        assert.equal(await readFile(node().manifest, 'utf8'), manifest);
        assertAdmitted(await node().kubectl('run', 'early', '--image=nginx:1.17.1'));

        const started = await (runner === 'systemd' ? unitWords : ownWords)(node());
        await using gate = await startGate(node(), started);
        const wired = await node().bootstrap(...words);
        assertAdmitted(wired);
        assert.match(wired.stderr, /^proved: .*CANARY is refused/m);
        assertRefused(await node().kubectl('run', 'web', '--image=nginx'), latestRefused);
        if (runner === 'systemd') await assertReloads(node(), gate, started);
        assert.deepEqual(node().kubelet.starts(), { 'kube-apiserver': 2 });
        assertAdmitted(await node().bootstrap('--undo'));
        assert.deepEqual(await node().tree(), before);
      },
    );
  });
}
