import assert from 'node:assert/strict';
import { request } from 'node:https';
import { describe } from 'node:test';
import type { KeyPair } from '../../src/certificate/authority.ts';
import { latestRefused, latestRefusedInChinese, noLatestPolicy } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { apiServerName, assertAdmitted, assertRefused, openStage } from './support/stage.ts';

const deniedBy = 'image policy webhook backend denied one or more images: ';

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`ImagePolicyWebhook with mutual TLS on ${version}`, () => {
    const stage = shared(async () => {
      const opened = await openStage({
        environment: process.env,
        version,
        gate: { clientName: apiServerName },
      });
      await opened.wireImagePolicy();
      return opened;
    });

    scenario('a pod without a tag is refused with the text of the Go program', async () => {
      await stage().gate.restart({ clientName: apiServerName });
      const kubectl = await stage().namespace('latest');
      const refused = await stage().recorder.record(
        { name: '10-image-review-refused', namespace: 'latest' },
        async () => kubectl(['run', 'web', '--image=nginx']),
      );
      assertRefused(
        refused,
        `Error from server (Forbidden): pods "web" is forbidden: ${deniedBy}`,
        latestRefused,
      );
    });

    scenario('a pod with a version tag is created', async () => {
      await stage().gate.restart({ clientName: apiServerName });
      const kubectl = await stage().namespace('versioned');
      const created = await stage().recorder.record(
        { name: '11-image-review-admitted', namespace: 'versioned' },
        async () => kubectl(['run', 'web', '--image=nginx:1.17.1']),
      );
      assertAdmitted(created);
      assert.equal(created.stdout, 'pod/web created\n');
    });

    scenario('a Chinese message reaches the user unchanged', async () => {
      await stage().gate.restart({ clientName: apiServerName, policy: noLatestPolicy, language: 'zh' });
      const kubectl = await stage().namespace('chinese');
      const refused = await stage().recorder.record(
        { name: '12-image-review-in-chinese', namespace: 'chinese' },
        async () => kubectl(['run', 'web', '--image=nginx']),
      );
      assertRefused(refused, `pods "web" is forbidden: ${deniedBy}`, latestRefusedInChinese);
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.17.1']));
    });

    scenario('an ephemeral container without a tag is refused', async () => {
      await stage().gate.restart({ clientName: apiServerName });
      const kubectl = await stage().namespace('ephemeral');
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.17.1']));
      const refused = await stage().recorder.record(
        { name: '13-image-review-of-debug', namespace: 'ephemeral' },
        async () => kubectl(['debug', 'web', '--image=busybox', '--container=debugger']),
      );
      assertRefused(refused, `pods "web" is forbidden: ${deniedBy}`, latestRefused);
      assertAdmitted(await kubectl(['debug', 'web', '--image=busybox:1.36', '--container=debugger']));
    });

    scenario('the gate accepts only the client certificate of the API server', async () => {
      await stage().gate.restart({ clientName: apiServerName });
      const validity = { notBefore: new Date(), days: 1 };
      const apiServer = await stage().authority.issueClient({ commonName: apiServerName, ...validity });
      const stranger = await stage().authority.issueClient({ commonName: 'stranger', ...validity });
      assert.equal(await ask(apiServer), 200);
      assert.notEqual(await ask(), 200);
      assert.notEqual(await ask(stranger), 200);
      assert.equal(await ask(apiServer), 200);
    });

    /** The status with which the gate answers an ImageReview from a client with this certificate. */
    async function ask(client?: KeyPair): Promise<number | 'no answer'> {
      const review = {
        apiVersion: 'imagepolicy.k8s.io/v1alpha1',
        kind: 'ImageReview',
        spec: { containers: [{ image: 'nginx:1.17.1' }], namespace: 'default' },
      };
      return new Promise((resolve) => {
        const outgoing = request(
          `${stage().gate.url}/image_policy`,
          {
            method: 'POST',
            ca: stage().authority.certificate,
            ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
            agent: false,
            headers: { 'content-type': 'application/json' },
            timeout: 10_000,
          },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          },
        );
        outgoing.on('timeout', () => outgoing.destroy());
        outgoing.on('error', () => resolve('no answer'));
        outgoing.end(JSON.stringify(review));
      });
    }
  });
}
