import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { promisify } from 'node:util';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { startNode } from './node.ts';
import { assertUndone, assertWired, image, writePair } from './node-wiring.ts';
import { scenario, shared } from './scenario.ts';

const run = promisify(execFile);

for (const version of [oldestKubernetes, newestKubernetes]) {
  describe(`certificates from elsewhere, on ${version}`, () => {
    const node = shared(() => startNode({ environment: process.env, version }));

    scenario(`[${version}] a signer of the cluster signs, once somebody approves`, async () => {
      const before = await node().tree();
      const signs = await writePair(join(node().kubernetes, '..', 'signer'), 'ca.crt', 'ca.key');
      node().startControllers(
        '--controllers=csrsigning,csrapproving',
        `--cluster-signing-cert-file=${signs.certificate}`,
        `--cluster-signing-key-file=${signs.key}`,
      );
      const words = ['--signer=kubernetes.io/kubelet-serving', '--approve', `--ca-cert=${signs.certificate}`];
      const told = await assertWired(node(), ...words);
      assert.match(told, /^note: kubernetes\.io\/kubelet-serving signs; .* meant for nodes/m);
      const { stdout } = await node().kubectl('get', 'csr', '--output=name');
      assert.equal(stdout.trim().split('\n').length, 1);
      assert.equal(
        await readFile(join(node().folder, 'pki', 'ca.crt'), 'utf8'),
        await readFile(signs.certificate, 'utf8'),
      );
      await assertUndone(node(), before, ...words);
    });

    scenario(`[${version}] nobody signs: it says so, and nothing changes`, async () => {
      const before = await node().tree();
      const asked = await node().bootstrap(
        image,
        '--apply',
        `--kubeconfig=${node().kubeconfig}`,
        '--signer=example.com/nobody',
        `--ca-cert=${join(node().kubernetes, '..', 'signer', 'ca.crt')}`,
        '--timeout=1',
      );
      assert.equal(asked.code, 2);
      assert.match(asked.stderr, /kubectl certificate approve kube-image-bouncer-/);
      assert.match(asked.stderr, /example\.com\/nobody did not sign .* within 1 s/);
      assert.deepEqual(await node().tree(), before);
    });

    scenario(`[${version}] an authority that is there already signs, and its key is not kept`, async () => {
      const before = await node().tree();
      const folder = join(node().kubernetes, '..', 'company');
      await mkdir(folder);
      const [certificate, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
      const request = ['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-subj', '/CN=company', '-days', '2'];
      await run('openssl', [...request, '-keyout', key, '-out', certificate]);
      const words = [`--ca-cert=${certificate}`, `--ca-key=${key}`];
      await assertWired(node(), ...words);
      assert.ok(!Object.keys(await node().tree()).includes('/kube-image-bouncer/pki/ca.key'));
      await assertUndone(node(), before, ...words);
    });
  });
}
