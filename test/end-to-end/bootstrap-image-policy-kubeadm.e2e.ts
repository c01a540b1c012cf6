import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { freePort } from './support/free-ports.ts';
import { type EarlierWiring, startNode } from './support/node.ts';
import { image } from './support/node-wiring.ts';
import { latestRefused } from './support/objects.ts';
import { runCommand } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';

const bouncer = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

/** Writes the files of a node that has no API server yet. Returns the manifest that kubeadm makes with our patch. */
async function writePatch(kubernetes: string): Promise<EarlierWiring> {
  const folder = join(kubernetes, 'kube-image-bouncer');
  await mkdir(kubernetes, { recursive: true });
  const written = await runCommand(
    process.execPath,
    [
      bouncer,
      'bootstrap',
      'image-policy',
      image,
      '--out=/',
      `--folder=${folder}`,
      `--manifest=${join(kubernetes, 'manifests', 'kube-apiserver.yaml')}`,
      `--unit=${join(kubernetes, 'kube-image-bouncer.service')}`,
      `--port=${await freePort()}`,
      `--health-port=${await freePort()}`,
    ],
    { environment: process.env, timeoutMs: 30_000 },
  );
  assertAdmitted(written);
  const patch = await readFile(join(folder, 'kubeadm', 'patches', 'kube-apiserver0+json.yaml'), 'utf8');
  const operations = parse(patch) as readonly { readonly path: string; readonly value: unknown }[];
  const added = operations
    .filter(({ path }) => path.endsWith('/command/-'))
    .map(({ value }) => String(value));
  assert.equal(added.length, 2);
  // kubeadm appends these flags after its own flags.
  return { flags: ['--enable-admission-plugins=NodeRestriction', ...added], mounts: [folder] };
}

for (const version of [oldestKubernetes, newestKubernetes]) {
  describe(`a node that kubeadm sets up with our patch, on ${version}`, () => {
    const node = shared(() => startNode({ environment: process.env, version, prepare: writePatch }));

    scenario(`[${version}] enforces the policy from the first request`, async () => {
      assertRefused(await node().kubectl('run', 'web', '--image=nginx'), latestRefused);
      assertAdmitted(await node().kubectl('run', 'web', '--image=nginx:1.17.1'));
      assert.deepEqual(node().kubelet.starts(), { 'kube-apiserver': 1, 'kube-image-bouncer': 1 });
    });
  });
}
