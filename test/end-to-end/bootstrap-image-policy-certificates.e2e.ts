import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { promisify } from 'node:util';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { eventually } from './support/eventually.ts';
import { type Node, startNode } from './support/node.ts';
import { assertUndone, assertWired, image, writePair } from './support/node-wiring.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';

const run = promisify(execFile);

/** A request that is neither approved nor denied has no conditions. */
interface SigningRequest {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly unknown[] };
}

for (const version of [oldestKubernetes, newestKubernetes]) {
  describe(`a certificate of a signer of the cluster, on ${version}`, () => {
    const node = shared(() => startNode({ environment: process.env, version }));

    scenario(`[${version}] a signer of the cluster signs after an approval`, async () => {
      const before = await node().tree();
      const signs = await writePair(join(node().kubernetes, '..', 'signer'), 'ca.crt', 'ca.key');
      node().startControllers(
        '--controllers=csrsigning,csrapproving',
        `--cluster-signing-cert-file=${signs.certificate}`,
        `--cluster-signing-key-file=${signs.key}`,
      );
      const words = ['--signer=kubernetes.io/kubelet-serving', '--approve', `--ca-cert=${signs.certificate}`];
      const output = await assertWired(node(), ...words);
      assert.match(output, /^note: kubernetes\.io\/kubelet-serving signs\. .* is for nodes/m);
      const { stdout } = await node().kubectl('get', 'csr', '--output=name');
      assert.equal(stdout.trim().split('\n').length, 1);
      assert.equal(
        await readFile(join(node().folder, 'pki', 'ca.crt'), 'utf8'),
        await readFile(signs.certificate, 'utf8'),
      );
      await assertUndone(node(), before, ...words);
    });

    scenario(`[${version}] a request that is denied or never signed changes nothing`, async () => {
      const before = await node().tree();
      const bootstrapWith = (signer: string, seconds: number): ReturnType<Node['bootstrap']> =>
        node().bootstrap(
          image,
          '--apply',
          `--kubeconfig=${node().kubeconfig}`,
          `--signer=${signer}`,
          `--ca-cert=${join(node().kubernetes, '..', 'signer', 'ca.crt')}`,
          `--timeout=${seconds}`,
        );
      const denied = bootstrapWith('kubernetes.io/kubelet-serving', 30);
      const name = await eventually('a certificate request is waiting', async () => {
        const { stdout } = await node().kubectl('get', 'csr', '--output=json');
        const { items } = JSON.parse(stdout) as { items: readonly SigningRequest[] };
        return items.find(({ status }) => status.conditions === undefined)?.metadata.name;
      });
      assertAdmitted(await node().kubectl('certificate', 'deny', name));
      const { code, stderr } = await denied;
      assert.equal(code, 2);
      assert.ok(stderr.includes(`run \`kubectl certificate approve ${name}\``), stderr);
      assert.ok(stderr.includes(`kubernetes.io/kubelet-serving did not sign ${name}: Denied`), stderr);

      const unsigned = await bootstrapWith('example.com/absent', 1);
      assert.equal(unsigned.code, 2);
      assert.match(unsigned.stderr, /example\.com\/absent did not sign .* within 1 s/);
      assert.deepEqual(await node().tree(), before);
    });
  });
}

describe('a certificate of an existing authority', () => {
  const node = shared(() => startNode({ environment: process.env, version: newestKubernetes }));

  scenario('an RSA authority of kubeadm signs, and its key is not copied', async () => {
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
