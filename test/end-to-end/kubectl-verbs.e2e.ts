import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { latestRefused, lenientPolicy, noLatestPolicy, podWithImageVolume } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, openStage } from './support/stage.ts';
import { webhookName, workloadRules } from './support/wirings.ts';

const denied = `admission webhook "${webhookName}" denied the request: `;

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`commands of kubectl on ${version}`, () => {
    const stage = shared(async () => {
      const opened = await openStage({ environment: process.env, version, gate: { policy: noLatestPolicy } });
      await opened.wireWebhook({ rules: workloadRules });
      return opened;
    });

    scenario('kubectl debug is refused with a latest image and admitted with a versioned one', async () => {
      const kubectl = await stage().namespace('debug');
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.17.1']));
      const refused = await stage().recorder.record(
        { name: '30-debug-refused', namespace: 'debug' },
        async () => kubectl(['debug', 'web', '--image=busybox', '--container=debugger']),
      );
      assertRefused(refused, denied, latestRefused);
      const admitted = await stage().recorder.record(
        { name: '31-debug-admitted', namespace: 'debug' },
        async () => kubectl(['debug', 'web', '--image=busybox:1.36', '--container=debugger']),
      );
      assertAdmitted(admitted);
      const names = await kubectl(['get', 'pod', 'web', '-o=jsonpath={.spec.ephemeralContainers[*].image}']);
      assert.equal(names.stdout, 'busybox:1.36');
    });

    scenario('kubectl set image to the latest tag is refused on a pod and on a deployment', async () => {
      const kubectl = await stage().namespace('set-image');
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.17.1']));
      const pod = await stage().recorder.record(
        { name: '32-set-image-of-pod-refused', namespace: 'set-image' },
        async () => kubectl(['set', 'image', 'pod/web', 'web=nginx:latest']),
      );
      assertRefused(pod, denied, latestRefused);

      assertAdmitted(await kubectl(['create', 'deployment', 'site', '--image=nginx:1.17.1']));
      const deployment = await stage().recorder.record(
        { name: '33-set-image-of-deployment-refused', namespace: 'set-image' },
        async () => kubectl(['set', 'image', 'deployment/site', 'nginx=nginx']),
      );
      assertRefused(deployment, denied, latestRefused);
      assertAdmitted(await kubectl(['set', 'image', 'deployment/site', 'nginx=nginx:1.18.0']));
    });

    scenario('kubectl label of a pod is admitted although the policy now forbids its image', async () => {
      const kubectl = await stage().namespace('label');
      await stage().gate.restart({ policy: lenientPolicy });
      assertAdmitted(await kubectl(['run', 'old', '--image=nginx']));
      await stage().gate.restart({ policy: noLatestPolicy });
      assertRefused(await kubectl(['run', 'new', '--image=nginx']), denied);
      const labelled = await stage().recorder.record(
        { name: '34-label-admitted', namespace: 'label' },
        async () => kubectl(['label', 'pod', 'old', 'team=web']),
      );
      assertAdmitted(labelled);
    });

    scenario('a server-side dry run gets the same verdict', async () => {
      const kubectl = await stage().namespace('dry-run');
      const refused = await stage().recorder.record(
        { name: '35-dry-run-refused', namespace: 'dry-run' },
        async () => kubectl(['run', 'web', '--image=nginx', '--dry-run=server']),
      );
      assertRefused(refused, denied, latestRefused);
      const admitted = await stage().recorder.record(
        { name: '36-dry-run-admitted', namespace: 'dry-run' },
        async () => kubectl(['run', 'web', '--image=nginx:1.17.1', '--dry-run=server']),
      );
      assertAdmitted(admitted);
      assert.equal((await kubectl(['get', 'pods', '-o=name'])).stdout, '');
    });

    if (version === 'v1.37')
      scenario('an image volume is reviewed like a container', async () => {
        const kubectl = await stage().namespace('image-volume');
        const refused = await stage().recorder.record(
          { name: '37-image-volume-refused', namespace: 'image-volume' },
          async () =>
            kubectl(['create', '-f-'], podWithImageVolume('web', 'registry.example.com/data:latest')),
        );
        assertRefused(refused, denied, latestRefused);
        assertAdmitted(
          await kubectl(['create', '-f-'], podWithImageVolume('web', 'registry.example.com/data:1.0.0')),
        );
      });
  });
}
