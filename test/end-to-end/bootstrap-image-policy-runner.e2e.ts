import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
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

const bouncer = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

/** Starts the gate as systemd or another runner would, with the files that were written for it. */
async function startGate(node: Node): Promise<RunningProcess> {
  const kubeconfig = await readFile(join(node.folder, GATE_FILES.kubeconfig), 'utf8');
  const { server } = parseGateKubeconfig(kubeconfig, 'kubeconfig.yaml');
  const healthPort = await freePort();
  const gate = startProcess({
    program: process.execPath,
    arguments: [
      bouncer,
      ...renderGateArguments({
        folder: node.folder,
        keyFile: join(node.folder, GATE_FILES.key),
        clientAuthority: 'authority',
        address: '127.0.0.1',
        port: Number(new URL(server?.value ?? '').port),
        healthPort,
      }),
    ],
    environment: { PATH: process.env['PATH'] },
    workingFolder: node.folder,
    logFile: join(node.kubernetes, '..', 'gate.log'),
  });
  await eventually('the gate is ready', async () =>
    (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok ? true : undefined,
  );
  return gate;
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

        await using _gate = await startGate(node());
        const wired = await node().bootstrap(...words);
        assertAdmitted(wired);
        assert.match(wired.stderr, /^proved: .*CANARY is refused/m);
        assertRefused(await node().kubectl('run', 'web', '--image=nginx'), latestRefused);
        assert.deepEqual(node().kubelet.starts(), { 'kube-apiserver': 2 });
        assertAdmitted(await node().bootstrap('--undo'));
        assert.deepEqual(await node().tree(), before);
      },
    );
  });
}
