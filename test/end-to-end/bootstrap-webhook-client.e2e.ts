import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import type { KeyPair } from '../../src/certificate/authority.ts';
import { sendRequest } from '../../src/kubernetes/connection.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { apiServerName, assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster } from './support/wired-cluster.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`bootstrap webhook --client-ca on ${version}`, () => {
    const cluster = shared(async () =>
      openWiredCluster({ environment: process.env, version, gate: { clientName: apiServerName } }),
    );
    const out = (): string => join(cluster().controlPlane.folder, 'for-the-node');
    const bootstrap = async (...args: string[]): Promise<CommandResult> => {
      const { authority, authorityFile, controlPlane } = cluster();
      const key = join(controlPlane.folder, 'gate-ca.key');
      await writeFile(key, authority.key, { mode: 0o600 });
      return cluster().bootstrap(
        `--ca-cert=${authorityFile}`,
        `--ca-key=${key}`,
        '--client-ca',
        `--out=${out()}`,
        `--node-folder=${out()}`,
        ...args,
      );
    };

    scenario('an API server without a client certificate is not wired', async () => {
      // The wait is equally long on both versions, so one of them is enough.
      if (version === 'v1.24') {
        assert.equal((await bootstrap()).code, 0);
        return;
      }
      const { code, stdout } = await bootstrap('--apply');
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^not wired: [^]* with --client-ca, the API server's own kubeconfig/m);
      assertAdmitted(await cluster().controlPlane.kubectl(['run', 'free', '--image=nginx']));
      assertAdmitted(await cluster().controlPlane.kubectl(['delete', 'pod', 'free', '--force']));
    });

    scenario('with the written files the API server is wired, and a second run changes nothing', async () => {
      const before = await filesOf(out());
      assert.deepEqual([...before.keys()].toSorted(), [
        'admission-configuration.yaml',
        'kube-image-bouncer.yaml',
        'pki/apiserver-client.crt',
        'pki/apiserver-client.key',
        'webhook-kubeconfig.yaml',
      ]);
      const configuration = join(out(), 'admission-configuration.yaml');
      await cluster().controlPlane.restartApiServer({
        flags: [`--admission-control-config-file=${configuration}`],
      });
      for (const attempt of ['first', 'second']) {
        const { code, stdout, stderr } = await bootstrap('--apply');
        assert.equal(code, 0, `${attempt}: ${stdout}${stderr}`);
        assert.match(stdout, /^proved: a pod with a forbidden image is refused$/m);
        assert.deepEqual(await filesOf(out()), before);
      }
      const run = ['run', 'web', '--image=nginx'];
      assertRefused(await cluster().controlPlane.kubectl(run), refusal, latestRefused);
    });

    const ask = async (client: Partial<KeyPair>): Promise<number> => {
      const { gate, authority } = cluster();
      const credentials = { ca: authority.certificate, cert: client.certificate, key: client.key };
      const { status } = await sendRequest(
        { server: new URL(gate.url), authenticate: async () => credentials },
        { method: 'POST', path: '/validate', body: {} },
      );
      return status;
    };

    scenario('E14 a client without a certificate is refused', async () => {
      await assert.rejects(ask({}), { code: 'CLUSTER_UNREACHABLE' });
    });

    scenario('E15 a client with the certificate of another user is refused', async () => {
      const { authority } = cluster();
      const issue = async (commonName: string): Promise<KeyPair> =>
        authority.issueClient({ commonName, notBefore: new Date(), days: 1 });
      assert.equal(await ask(await issue('system:node:n1')), 403);
      // The gate accepts the client, and answers that the request is no review.
      assert.equal(await ask(await issue(apiServerName)), 400);
    });
  });
}

/** Text and mode of every file below a folder. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    files.set(path.slice(folder.length + 1), `${mode.toString(8)} ${await readFile(path, 'utf8')}`);
  }
  return files;
}
