import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { latestRefused, replicationController } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster } from './support/wired-cluster.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const gateName = 'kube-image-bouncer';
const configuration = `validatingwebhookconfiguration/${gateName}`;

/** Labels, as kubectl accepts them, with which a user may try to avoid the webhook. */
const escapes = [
  'kubernetes.io/metadata.name=kube-system',
  'kubernetes.io/metadata.name=kube-image-bouncer',
  'kube-image-bouncer.io/exempt=true',
  'app.kubernetes.io/name=kube-image-bouncer',
  'app.kubernetes.io/managed-by=kube-image-bouncer',
  'policy.sigstore.dev/exclude=true',
  'control-plane=true',
  'kubernetes.io/metadata.name-',
];

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`bootstrap webhook --url on ${version}`, () => {
    const cluster = shared(async () =>
      openWiredCluster({ environment: process.env, version, users: [{ name: 'tenant' }] }),
    );
    const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
    const create = async (object: object, ...args: string[]): Promise<CommandResult> =>
      cluster().controlPlane.kubectl(['create', '--filename=-', ...args], { stdin: JSON.stringify(object) });
    const resourceVersion = async (): Promise<string> =>
      (await kubectl('get', configuration, '-o=jsonpath={.metadata.resourceVersion}')).stdout;

    scenario('E10 after one command latest is refused, for system:masters too', async () => {
      const { code, stdout, stderr } = await cluster().bootstrap('--apply');
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^created {4}ValidatingWebhookConfiguration kube-image-bouncer$/m);
      assert.match(stdout, /^proved: a pod with a forbidden image is refused$/m);
      assertRefused(await kubectl('run', 'web', '--image=nginx'), refusal, latestRefused);
      assertAdmitted(await kubectl('run', 'web', '--image=nginx:1.17.1'));
      assertRefused(await kubectl('create', 'deployment', 'web', '--image=nginx'), refusal, latestRefused);
      assertRefused(await create(replicationController('web', 'nginx')), refusal, latestRefused);
      assertRefused(await kubectl('set', 'image', 'pod/web', 'web=nginx:latest'), refusal, latestRefused);
      const debug = await kubectl('debug', 'pod/web', '--image=busybox', '--container=debugger');
      assertRefused(debug, refusal, latestRefused);
    });

    scenario('every served version of a kind is reviewed', async () => {
      const cronJob = (apiVersion: string): object => ({
        apiVersion,
        kind: 'CronJob',
        metadata: { name: 'tick' },
        spec: {
          schedule: '* * * * *',
          jobTemplate: {
            spec: {
              template: { spec: { restartPolicy: 'Never', containers: [{ name: 'tick', image: 'nginx' }] } },
            },
          },
        },
      });
      for (const apiVersion of version === 'v1.24' ? ['batch/v1', 'batch/v1beta1'] : ['batch/v1'])
        assertRefused(await create(cronJob(apiVersion)), refusal, latestRefused);
    });

    scenario('a second run changes nothing', async () => {
      const before = await resourceVersion();
      const { code, stdout, stderr } = await cluster().bootstrap('--apply');
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^unchanged {2}ValidatingWebhookConfiguration kube-image-bouncer$/m);
      assert.equal(await resourceVersion(), before);
    });

    scenario('E04 a namespace without labels is covered', async () => {
      assertAdmitted(await kubectl('create', 'namespace', 'unlabelled'));
      assertRefused(await kubectl('run', 'web', '--namespace=unlabelled', '--image=nginx'), refusal);
    });

    const asTenant = async (args: readonly string[], object?: object): Promise<CommandResult> =>
      cluster().controlPlane.kubectl(args, {
        user: 'tenant',
        ...(object !== undefined && { stdin: JSON.stringify(object) }),
      });
    const badPod = ['run', 'web', '--namespace=escape', '--image=nginx'];

    scenario('E01 no label excludes a namespace, even for users who may write all namespaces', async () => {
      const role = ['--verb=*', '--resource=namespaces,pods,deployments'];
      assertAdmitted(await kubectl('create', 'clusterrole', 'tenant', ...role));
      assertAdmitted(
        await kubectl('create', 'clusterrolebinding', 'tenant', '--clusterrole=tenant', '--user=tenant'),
      );
      const labels = { 'kubernetes.io/metadata.name': 'kube-system', 'kube-image-bouncer.io/exempt': 'true' };
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'escape', labels } };
      assertAdmitted(await asTenant(['create', '--filename=-'], namespace));
      assertRefused(await asTenant(badPod), refusal, latestRefused);
      for (const label of escapes) {
        // The label is refused, or accepted and set back. In both cases only the pod counts.
        await asTenant(['label', '--overwrite', 'namespace/escape', label]);
        assertRefused(await asTenant(badPod), refusal, latestRefused);
      }
      const name = await kubectl(
        'get',
        'namespace/escape',
        String.raw`-o=jsonpath={.metadata.labels.kubernetes\.io/metadata\.name}`,
      );
      assert.equal(name.stdout, 'escape');
    });

    scenario('E03 no label excludes a pod', async () => {
      for (const label of escapes) {
        if (label.endsWith('-')) continue;
        assertRefused(await asTenant([...badPod, `--labels=${label}`]), refusal, latestRefused);
      }
    });

    scenario('kube-system gets warnings and is never blocked, even if no gate runs', async () => {
      const pod = ['run', '--namespace=kube-system', '--image=nginx'] as const;
      const warned = await kubectl(...pod, 'warned');
      assertAdmitted(warned);
      assert.match(warned.stderr, new RegExp(`^Warning: .*${latestRefused}`, 'm'));
      await cluster().gate.stop();
      try {
        assertAdmitted(await kubectl(...pod, 'alone'));
        assertRefused(await kubectl('run', 'other', '--image=nginx:1.17.1'), 'failed calling webhook');
      } finally {
        await cluster().gate.start();
      }
    });

    scenario('the stage is not raised while a running workload would be refused', async () => {
      assert.equal((await cluster().bootstrap('--apply', '--stage=audit')).code, 0);
      // The API server may use the previous configuration for a short time.
      const created = await untilAdmitted(async () =>
        kubectl('create', 'deployment', 'old', '--image=nginx'),
      );
      assert.doesNotMatch(created.stderr, /Warning/);
      const before = await resourceVersion();
      const refused = await cluster().bootstrap('--apply', '--stage=deny');
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(refused.stdout, /^refused {2}Deployment default\/old\n {9}Images using latest tag/m);
      assert.match(refused.stdout, /^nothing was applied: /m);
      assert.equal(await resourceVersion(), before);

      const warned = await cluster().bootstrap('--apply', '--stage=warn');
      assert.equal(warned.code, 0, warned.stdout);
      assert.match(warned.stdout, /^proved: a pod with a forbidden image is warned$/m);
      const pod = await kubectl('run', 'warned', '--image=nginx');
      assertAdmitted(pod);
      assert.match(pod.stderr, new RegExp(`^Warning: .*${latestRefused}`, 'm'));

      const forced = await cluster().bootstrap('--apply', '--stage=deny', '--yes');
      assert.equal(forced.code, 0, forced.stdout);
      assertRefused(await kubectl('run', 'late', '--image=nginx'), refusal, latestRefused);
    });

    scenario(
      'a hand-made configuration is replaced: all its selectors and conditions are removed',
      async () => {
        const byHand = {
          name: 'images.kube-image-bouncer.io',
          clientConfig: { service: { name: 'gone', namespace: 'default' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          objectSelector: { matchLabels: { asked: 'please' } },
          ...(version === 'v1.37' && { matchConditions: [{ name: 'never', expression: 'false' }] }),
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        };
        const made = {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingWebhookConfiguration',
          metadata: { name: gateName },
          webhooks: [{ ...byHand, name: 'other.kube-image-bouncer.io' }, byHand],
        };
        assert.equal((await cluster().bootstrap('--delete')).code, 0);
        assertAdmitted(await create(made));
        const taken = await cluster().bootstrap('--apply', '--yes');
        assert.equal(taken.code, 0, taken.stdout + taken.stderr);
        assertRefused(await kubectl('run', 'late', '--image=nginx'), refusal, latestRefused);
        const names = await kubectl('get', configuration, '-o=jsonpath={.webhooks[*].name}');
        assert.equal(names.stdout, 'images.kube-image-bouncer.io kube-system.kube-image-bouncer.io');
        const before = await resourceVersion();
        assert.equal((await cluster().bootstrap('--apply')).code, 0);
        assert.equal(await resourceVersion(), before);
      },
    );

    scenario('--delete removes every object, and no gate is called any more', async () => {
      const { code, stdout } = await cluster().bootstrap('--delete');
      assert.deepEqual([code, stdout], [0, 'deleted    ValidatingWebhookConfiguration kube-image-bouncer\n']);
      assert.match((await kubectl('get', configuration)).stderr, /not found/);
      assertAdmitted(await kubectl('run', 'free', '--image=nginx'));
      assert.deepEqual(await cluster().bootstrap('--delete'), { code: 0, stdout: '', stderr: '' });
    });
  });
}

async function untilAdmitted(run: () => Promise<CommandResult>): Promise<CommandResult> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await run();
    if (result.code === 0 || attempt > 50) return result;
  }
}
