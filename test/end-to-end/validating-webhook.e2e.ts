import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { latestRefused } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, openStage } from './support/stage.ts';
import { podRules, webhookName } from './support/wirings.ts';

const reviews = [
  { version: 'v1', path: '/validate', number: 20 },
  { version: 'v1beta1', path: '/validate', number: 22 },
  // The Go program's path, which a cluster may still have wired.
  { version: 'v1', path: '/', number: 24 },
] as const;

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`a validating webhook on ${version}`, () => {
    const stage = shared(async () => openStage({ environment: process.env, version }));

    for (const { version, path, number } of reviews) {
      const where = `AdmissionReview ${version} at ${path}`;
      const name = `${version}-at-${path === '/' ? 'root' : path.slice(1)}`;

      scenario(`${where} refuses a pod without a tag`, async () => {
        await stage().wireWebhook({ rules: podRules, admissionReviewVersions: [version], path });
        const namespace = `${name}-latest`;
        const kubectl = await stage().namespace(namespace);
        const refused = await stage().recorder.record(
          { name: `${number}-${name}-refused`, namespace },
          async () => kubectl(['run', 'web', '--image=nginx']),
        );
        assertRefused(
          refused,
          `Error from server (Forbidden): admission webhook "${webhookName}" denied the request: `,
          latestRefused,
        );
        assert.equal((await kubectl(['get', 'pods', '-o=name'])).stdout, '');
      });

      scenario(`${where} admits a pod with a version tag`, async () => {
        await stage().wireWebhook({ rules: podRules, admissionReviewVersions: [version], path });
        const namespace = `${name}-versioned`;
        const kubectl = await stage().namespace(namespace);
        const created = await stage().recorder.record(
          { name: `${number + 1}-${name}-admitted`, namespace },
          async () => kubectl(['run', 'web', '--image=nginx:1.17.1']),
        );
        assertAdmitted(created);
        assert.equal((await kubectl(['get', 'pods', '-o=name'])).stdout, 'pod/web\n');
      });
    }
  });
}
