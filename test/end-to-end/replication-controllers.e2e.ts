import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from './support/eventually.ts';
import { latestRefused, replicationController } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, openStage } from './support/stage.ts';
import type { Namespace } from './support/stage.ts';
import { podRules, webhookName, workloadRules } from './support/wirings.ts';

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`replication controllers on ${version}`, () => {
    const stage = shared(async () => openStage({ environment: process.env, version, controllers: true }));

    scenario('wired for pods only, a controller with a versioned image gets its pod', async () => {
      await stage().wireWebhook({ rules: podRules });
      const kubectl = await stage().namespace('versioned');
      await stage().recorder.record(
        { name: '01-controller-pod-admitted', namespace: 'versioned' },
        async () => {
          assertAdmitted(
            await kubectl(['create', '-f-'], replicationController('nginx-versioned', 'nginx:1.13.8')),
          );
          await untilDescribed(kubectl, 'nginx-versioned', /Replicas:\s+1 current \/ 1 desired/);
        },
      );
    });

    scenario('wired for pods only, a controller with the latest tag is created and gets no pod', async () => {
      await stage().wireWebhook({ rules: podRules });
      const kubectl = await stage().namespace('latest');
      const description = await stage().recorder.record(
        { name: '02-controller-pod-refused', namespace: 'latest' },
        async () => {
          assertAdmitted(await kubectl(['create', '-f-'], replicationController('nginx-latest', 'nginx')));
          return untilDescribed(kubectl, 'nginx-latest', /FailedCreate/);
        },
      );
      assert.match(description, /Replicas:\s+0 current \/ 1 desired/);

      const events = await kubectl([
        'get',
        'events',
        '--field-selector=reason=FailedCreate',
        '-o=jsonpath={.items[0].message}',
      ]);
      assert.match(
        events.stdout,
        /^Error creating: admission webhook "images\.kube-image-bouncer\.io" denied the request: /,
      );
      assert.ok(events.stdout.includes(latestRefused), events.stdout);
      const condition = await kubectl([
        'get',
        'rc',
        'nginx-latest',
        '-o=jsonpath={.status.conditions[0].type}/{.status.conditions[0].reason}',
      ]);
      assert.equal(condition.stdout, 'ReplicaFailure/FailedCreate');
    });

    scenario('wired for workloads too, a controller with the latest tag is refused', async () => {
      await stage().wireWebhook({ rules: workloadRules });
      const kubectl = await stage().namespace('workloads');
      const refused = await stage().recorder.record(
        { name: '03-controller-refused', namespace: 'workloads' },
        async () => kubectl(['create', '-f-'], replicationController('nginx-latest', 'nginx')),
      );
      assertRefused(refused, `admission webhook "${webhookName}" denied the request: `, latestRefused);
      assertAdmitted(
        await kubectl(['create', '-f-'], replicationController('nginx-versioned', 'nginx:1.13.8')),
      );
      await untilDescribed(kubectl, 'nginx-versioned', /Replicas:\s+1 current \/ 1 desired/);
    });
  });
}

/** The output of `kubectl describe` for a controller, once it matches `expected`. */
async function untilDescribed(kubectl: Namespace, name: string, expected: RegExp): Promise<string> {
  return eventually(`the description of ${name} matches ${expected}`, async () => {
    const { stdout } = await kubectl(['describe', 'rc', name]);
    return expected.test(stdout) ? stdout : undefined;
  });
}
