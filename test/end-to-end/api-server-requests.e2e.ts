import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from './support/eventually.ts';
import { latestRefused } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, openStage } from './support/stage.ts';
import { podRules, unwireWebhook, webhookName, type WebhookRule } from './support/wirings.ts';

const refusal = `admission webhook "${webhookName}" denied the request: `;

/** A rule that no cluster should have: it sends all requests for all resources to the gate. */
const everything: WebhookRule = {
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources: ['*/*'],
  operations: ['*'],
};

/** The expected log fields of one request. */
interface ExpectedRequest {
  readonly resource: string;
  readonly subresource?: string;
  readonly operation: string;
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`requests of an API server, on ${version}`, () => {
    const stage = shared(async () => openStage({ environment: process.env, version }));

    /** Waits for the log line of a review that the gate admitted and in which it found no image. */
    const admittedUnseen = async (expected: ExpectedRequest): Promise<void> => {
      const line = await eventually(`the gate reviews ${JSON.stringify(expected)}`, async () =>
        (await stage().gate.decisions()).findLast(
          ({ resource, subresource, operation }) =>
            resource === expected.resource &&
            subresource === (expected.subresource ?? '') &&
            operation === expected.operation,
        ),
      );
      assert.deepEqual([line['outcome'], line['violationCount']], ['admitted', 0]);
    };

    scenario(
      'A22 A23 A33 with a rule for everything, requests without a bad image are admitted',
      async () => {
        const kubectl = await stage().namespace('everything');
        const pods = '/api/v1/namespaces/everything/pods';
        assertAdmitted(await kubectl(['create', '--filename=-'], node));
        for (const name of ['web', 'bound', 'evicted', 'first', 'second'])
          assertAdmitted(await kubectl(['run', name, '--image=nginx']));
        assertAdmitted(await kubectl(['create', 'deployment', 'web', '--image=nginx', '--replicas=0']));
        await stage().wireWebhook({ rules: [everything] });
        assertRefused(await kubectl(['run', 'late', '--image=nginx']), refusal);
        const post = async (path: string, object: object) =>
          kubectl(['create', `--raw=${pods}/${path}`, '--filename=-'], object);

        const status = `--patch={"status":{"phase":"Running"}}`;
        assertAdmitted(await kubectl(['patch', 'pod/web', '--subresource=status', '--type=merge', status]));
        await admittedUnseen({ resource: 'pods', subresource: 'status', operation: 'UPDATE' });
        assertAdmitted(await post('bound/binding', bindingOf('bound')));
        await admittedUnseen({ resource: 'pods', subresource: 'binding', operation: 'CREATE' });
        assertAdmitted(await post('evicted/eviction', evictionOf('evicted')));
        await admittedUnseen({ resource: 'pods', subresource: 'eviction', operation: 'CREATE' });
        assertAdmitted(await kubectl(['scale', 'deployment/web', '--replicas=1']));
        await admittedUnseen({ resource: 'deployments.apps', subresource: 'scale', operation: 'UPDATE' });

        // No node runs the pod, so the API server cannot connect to it. It calls the gate before it connects.
        for (const subresource of ['exec', 'attach', 'portforward']) {
          const refused = await post(`first/${subresource}?command=id&stdout=true`, {});
          assert.doesNotMatch(refused.stderr, /admission webhook/);
          await admittedUnseen({ resource: 'pods', subresource, operation: 'CONNECT' });
        }
        assertAdmitted(await kubectl(['delete', 'pod/first', '--now']));
        assertAdmitted(await kubectl(['delete', `--raw=${pods}`]));
        await admittedUnseen({ resource: 'pods', operation: 'DELETE' });
        assertAdmitted(
          await kubectl(['create', 'configmap', 'settings', '--from-literal=image=nginx:latest']),
        );
        assertAdmitted(await kubectl(['delete', 'namespace/everything', '--wait=false']));
        await unwireWebhook(stage().controlPlane);
      },
    );

    scenario(
      'A05 kubectl debug is not reviewed with a rule for pods only, and is refused with a rule for the subresource',
      async () => {
        const kubectl = await stage().namespace('debug');
        const debug = async (name: string) =>
          kubectl(['debug', 'pod/web', '--image=busybox', `--container=${name}`]);
        assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.27.3']));
        await stage().wireWebhook({ rules: podRules.slice(0, 1) });
        assertAdmitted(await debug('unseen'));
        await stage().wireWebhook({ rules: podRules });
        assertRefused(await debug('seen'), refusal, latestRefused, 'spec.ephemeralContainers[1].image');
      },
    );

    scenario('A02 the API server drops ephemeral containers from a new pod', async () => {
      const kubectl = await stage().namespace('ephemeral');
      await stage().wireWebhook({ rules: podRules });
      const [containers, ephemeralContainers] = ['nginx:1.27.3', 'busybox'].map((image, index) => [
        { name: `c${index}`, image },
      ]);
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web' },
        spec: { containers, ephemeralContainers },
      };
      assertRefused(await kubectl(['create', '--filename=-'], pod), 'cannot be set on create');
    });

    scenario('A37 a dry run gets the same verdict, is marked in the log, and stores no object', async () => {
      const kubectl = await stage().namespace('dry');
      await stage().wireWebhook({ rules: podRules });
      const run = async (image: string) => kubectl(['run', 'web', `--image=${image}`, '--dry-run=server']);
      assertRefused(await run('nginx'), refusal, latestRefused);
      assertAdmitted(await run('nginx:1.27.3'));
      await eventually('the log marks both as dry runs', async () => {
        const lines = (await stage().gate.decisions()).filter(({ namespace }) => namespace === 'dry');
        const logged = lines.map(({ outcome, dryRun }) => `${String(outcome)} ${String(dryRun)}`);
        return logged.join() === 'refused true,admitted true' ? true : undefined;
      });
      assertRefused(await kubectl(['run', 'web', '--image=nginx']), refusal, latestRefused);
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.27.3']));
      assert.equal((await kubectl(['get', 'pods', '-o=name'])).stdout, 'pod/web\n');
    });

    scenario(
      'C12 rules for namespaces work for names that are properties of JavaScript objects',
      async () => {
        await stage().gate.restart({ policy: namespacePolicy });
        await stage().wireWebhook({ rules: podRules });
        for (const name of ['constructor', 'tostring', 'valueof']) {
          const kubectl = await stage().namespace(name);
          assertRefused(await kubectl(['run', 'web', '--image=nginx:1.27.3']), refusal, '[rule constructed]');
          assertAdmitted(await kubectl(['run', 'web', `--image=nginx@sha256:${'a'.repeat(64)}`]));
        }
        const kubectl = await stage().namespace('constructors');
        assertAdmitted(await kubectl(['run', 'web', '--image=nginx:1.27.3']));
      },
    );

    scenario('C01 C02 C08 C14 C15 C17 one policy with all kinds of rules in a cluster', async () => {
      await stage().gate.restart({ policy: registryPolicy });
      await stage().wireWebhook({ rules: podRules });
      const kubectl = await stage().namespace('policy');
      for (const [index, [allowed, ...images]] of verdicts.entries()) {
        const containers = images.map((image, nth) => ({ name: `c${nth}`, image }));
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `pod-${index}` },
          spec: { containers },
        };
        const result = await kubectl(['create', '--filename=-'], pod);
        if (allowed) assertAdmitted(result);
        else assertRefused(result, refusal, images.at(-1) ?? '', `containers[${images.length - 1}]`);
      }
    });

    // All versions that we test call ImagePolicyWebhook for ephemeral containers. Older versions do not.
    scenario(
      'A06 A32 ImagePolicyWebhook reviews kubectl debug, and cannot recognize a change of a label',
      async () => {
        await unwireWebhook(stage().controlPlane);
        await stage().gate.restart({ policy: registryPolicy });
        const kubectl = await stage().namespace('image-policy');
        assertAdmitted(await kubectl(['run', 'good', '--image=ghcr.io/acme/web:1']));
        assertAdmitted(await kubectl(['run', 'old', '--image=ghcr.io/other/web:1']));
        await stage().wireImagePolicy();
        const image = 'quay.io/tools/busybox:1.36';
        const debug = await kubectl(['debug', 'pod/good', `--image=${image}`, '--container=debugger']);
        assertRefused(debug, 'image policy webhook backend denied one or more images: ', image);
        // An ImageReview has neither an operation nor an old object. docs/protocols.md lists the consequences.
        assertRefused(await kubectl(['label', 'pod/old', 'team=web']), 'ghcr.io/other/web:1');
        assertAdmitted(await kubectl(['label', 'pod/good', 'team=web']));
        assertAdmitted(await kubectl(['delete', 'pod/old', '--now']));
      },
    );
  });
}

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };

function bindingOf(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace: 'everything' },
    target: { kind: 'Node', name: 'n1' },
  };
}

function evictionOf(name: string): object {
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'everything' } };
}

const namespacePolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: namespaces}
spec:
  unmatchedImages: Allow
  rules:
  - name: constructed
    match: {namespaces: [constructor, tostring, valueof]}
    requiredDigest: {}
`;

const registryPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: registries}
spec:
  unmatchedImages: Deny
  rules:
  - name: ours
    match: {images: ["ghcr.io/acme/**", "docker.io/library/*"]}
    allowedImages: {images: ["ghcr.io/acme/**", "docker.io/library/*"]}
  - name: never
    match: {images: ["docker.io/library/*"]}
    disallowedImages: {images: ["docker.io/library/evil"]}
  - name: released
    match: {images: ["ghcr.io/acme/released/**"]}
    allowedTags: {pattern: 'v\\d+'}
`;

/** Whether a pod with these images is admitted. If not, the last image must be the cause. */
const verdicts: readonly (readonly [boolean, ...string[]])[] = [
  [true, 'ghcr.io/acme/web:1'],
  [true, 'nginx:1.27.3', 'docker.io/nginx:1', 'index.docker.io/library/nginx:1'],
  [false, 'ghcr.io.evil.io/acme/web:1'],
  [false, 'ghcr.io/acme-evil/web:1'],
  [false, 'ghcr.io/other/web:1'],
  [false, 'evil:1'],
  [false, 'docker.io/library/evil:1'],
  [false, 'index.docker.io/evil:1'],
  [true, 'ghcr.io/acme/released/web:v12'],
  [false, 'ghcr.io/acme/released/web:v12x'],
  [false, `ghcr.io/acme/released/web@sha256:${'a'.repeat(64)}`],
  [false, `ghcr.io/acme/released/web:v12@sha256:${'a'.repeat(64)}`],
  [false, 'ghcr.io/acme/web:1', 'nginx:1', 'quay.io/acme/web:1'],
];
