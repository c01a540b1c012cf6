import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { loadAuthority } from '../../src/certificate/authority.ts';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { runDoctor } from './support/doctor-cluster.ts';
import { aboveNotes } from './support/doctor-verdict.ts';
import { eventually } from './support/eventually.ts';
import { assertWired } from './support/node-wiring.ts';
import { startNode } from './support/node.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';

for (const version of [oldestKubernetes, newestKubernetes]) {
  describe(`X01 an API server with a client certificate that is for servers only, on ${version}`, () => {
    const node = shared(() => startNode({ environment: process.env, version }));
    const inPki = (name: string): string => join(node().folder, 'pki', name);

    scenario(`[${version}] doctor names the extension, and the gate logs what it turns away`, async () => {
      await assertWired(node());
      const file = inPki('apiserver-client.crt');
      const good = await readFile(file, 'utf8');
      const [certificate, key] = [
        await readFile(inPki('ca.crt'), 'utf8'),
        await readFile(inPki('ca.key'), 'utf8'),
      ];
      const authority = await loadAuthority({ certificate, key });
      const forServers = await authority.issueServing({
        commonName: 'kube-apiserver',
        dnsNames: ['kubernetes'],
        ipAddresses: [],
        notBefore: new Date(Date.now() - 60_000),
        days: 30,
        key: await readFile(inPki('apiserver-client.key'), 'utf8'),
      });
      await writeFile(file, forServers.certificate);

      const { code, findings } = await runDoctor(undefined, [
        `--manifest=${node().manifest}`,
        `--folder=${node().folder}`,
      ]);
      assert.deepEqual([code, aboveNotes({ findings })], [1, ['CLIENT_CERTIFICATE_UNSUITABLE']]);
      const what = 'its extended key usage is serverAuth, without clientAuth';
      assert.equal(findings.find((one) => one.code === 'CLIENT_CERTIFICATE_UNSUITABLE')?.what, what);

      // The API server uses the file for its next connection. A new start closes the connections that it has.
      await restartApiServer();
      const refused = await node().kubectl('run', 'web', '--image=nginx:1.17.1');
      assert.notEqual(refused.code, 0);
      const line = await eventually('the gate logs it', async () =>
        (await node().kubelet.logTails())
          .split('\n')
          .filter((text) => text.includes('"client certificate refused"'))
          .map((text) => JSON.parse(text) as Record<string, unknown>)
          .find(({ address, subject }) => address !== undefined && subject !== undefined),
      );
      const { level, code: event, reason, problem, openssl, subject } = line;
      assert.deepEqual(
        { level, event, reason, problem, openssl, subject },
        {
          level: 'warn',
          event: 'CLIENT_CERTIFICATE_REFUSED',
          reason: 'use',
          problem: what,
          openssl: 'INVALID_PURPOSE',
          subject: 'CN=kube-apiserver',
        },
      );

      await writeFile(file, good);
      await restartApiServer();
      assertAdmitted(await node().kubectl('run', 'web', '--image=nginx:1.17.1'));
    });

    async function restartApiServer(): Promise<void> {
      const before = node().kubelet.starts()['kube-apiserver'] ?? 0;
      const text = await readFile(node().manifest, 'utf8');
      await writeFile(node().manifest, `${text}\n`);
      await eventually(
        'the API server has started again',
        async () => {
          if ((node().kubelet.starts()['kube-apiserver'] ?? 0) <= before) return undefined;
          const { code } = await node().kubectl('get', '--raw=/readyz');
          return code === 0 ? true : undefined;
        },
        { timeoutMs: 90_000 },
      );
    }
  });
}
