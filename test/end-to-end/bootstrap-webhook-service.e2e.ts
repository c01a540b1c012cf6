import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from './support/eventually.ts';
import { inOwnNetwork } from './support/network-namespace.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { gateName, openServiceCluster } from './support/service-cluster.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { runOurselves } from './support/wired-cluster.ts';

const versions = ['v1.24', 'v1.37'] as const;
const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const image = `registry.example.com/${gateName}:0.1.0@sha256:${'0'.repeat(64)}`;

/** Every kind of object that `bootstrap webhook --service` creates. */
const kinds = [
  'serviceaccount',
  'secret',
  'configmap',
  'networkpolicy',
  'poddisruptionbudget',
  'service',
  'deployment',
].join(',');

inOwnNetwork(import.meta.url, { environment: process.env, versions }, () => {
  for (const version of versions)
    describe(`bootstrap webhook --service on ${version}`, () => onCluster(version));
});

function onCluster(version: (typeof versions)[number]): void {
  const cluster = shared(async () => openServiceCluster(version));
  const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
  const own = async (...args: string[]): Promise<CommandResult> =>
    kubectl(`--namespace=${gateName}`, ...args);
  const bootstrap = async (...args: string[]): Promise<CommandResult> => {
    const { folder, kubeconfig } = cluster().controlPlane;
    return runOurselves(folder, ['bootstrap', 'webhook', `--kubeconfig=${kubeconfig}`, ...args]);
  };
  const apply = async (...args: string[]): Promise<CommandResult> =>
    bootstrap('--service', `--image=${image}`, '--apply', ...args);
  /** Name and version of every object of the gate. */
  const objects = async (): Promise<string> => {
    const columns = '-o=custom-columns=:.kind,:.metadata.name,:.metadata.resourceVersion';
    const named = await own(
      'get',
      kinds,
      columns,
      '--selector=app.kubernetes.io/managed-by=kube-image-bouncer',
    );
    const wide = await kubectl(
      'get',
      `namespace/${gateName}`,
      `validatingwebhookconfiguration/${gateName}`,
      columns,
    );
    return named.stdout + wide.stdout;
  };

  scenario('one command installs the gate and refuses latest; the wiring waits for the gate', async () => {
    const applied = apply();
    await eventually('the Deployment is there', async () =>
      (await own('get', `deployment/${gateName}`)).code === 0 ? true : undefined,
    );
    // The controllers create the pods, and the Pod Security Standard of the namespace admits them.
    await eventually('three pods are there', async () =>
      (await own('get', 'pods', '-o=name')).stdout.split('\n').length === 4 ? true : undefined,
    );
    assert.match((await kubectl('get', 'validatingwebhookconfigurations', '-o=name')).stdout, /^$/);
    await cluster().startGate();
    const { code, stdout, stderr } = await applied;
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^proved: a pod with a forbidden image is refused$/m);
    assertRefused(await kubectl('run', 'web', '--image=nginx'), refusal, latestRefused);
    assertAdmitted(await kubectl('run', 'web', '--image=nginx:1.17.1'));
    assertRefused(await kubectl('create', 'deployment', 'web', '--image=nginx'), refusal, latestRefused);
  });

  scenario('a second run changes nothing', async () => {
    const before = await objects();
    assert.equal(before.match(/^\S+ +\S+ +\d+$/gm)?.length, 10, before);
    const { code, stdout, stderr } = await apply();
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stdout, /^(created|changed)/m);
    assert.equal(await objects(), before);
  });

  scenario('the policy of the cluster is kept, unless another is given', async () => {
    const lenient = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: pods-only}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    match: {resources: [pods]}
    disallowedTags: {tags: [latest]}
`;
    const configMap = JSON.stringify({ data: { 'policy.yaml': lenient } });
    assertAdmitted(
      await own('patch', `configmap/${gateName}-policy`, '--type=merge', `--patch=${configMap}`),
    );
    const { code, stdout } = await apply();
    assert.equal(code, 0, stdout);
    // The rules of the webhook follow the policy: only pods are sent to the gate.
    assert.match(stdout, /^changed {4}ValidatingWebhookConfiguration/m);
    const rules = await kubectl(
      'get',
      `validatingwebhookconfiguration/${gateName}`,
      '-o=jsonpath={.webhooks[0].rules[*].resources}',
    );
    assert.equal(rules.stdout, '["pods"] ["pods/ephemeralcontainers"]');
  });

  scenario('E09 pods that a controller makes are judged like any other', async () => {
    // With this policy no template is sent to the gate, so a bad template is admitted.
    assertAdmitted(await kubectl('create', 'deployment', 'bad', '--image=nginx'));
    await eventually('the ReplicaSet controller is refused', async () => {
      const events = await kubectl('get', 'events', '-o=jsonpath={.items[*].message}');
      return events.stdout.includes(refusal) ? true : undefined;
    });
    assert.equal((await kubectl('get', 'pods', '--selector=app=bad', '-o=name')).stdout, '');
  });

  scenario('E11 if the gate no longer runs, its namespace can still create its pods again', async () => {
    await cluster().stopGate();
    assertRefused(await kubectl('run', 'other', '--image=nginx:1.17.1'), 'failed calling webhook');
    assertAdmitted(await own('delete', 'pods', '--all', '--wait=false', '--grace-period=0', '--force'));
    await eventually('new pods of the gate are there', async () => {
      const ages = await own(
        'get',
        'pods',
        '-o=jsonpath={.items[?(@.status.phase=="Pending")].metadata.name}',
      );
      return ages.stdout.split(' ').length >= 3 ? true : undefined;
    });
    assertAdmitted(await own('create', 'secret', 'generic', 'extra'));
    assertAdmitted(await own('delete', 'secret', 'extra'));
    await cluster().startGate();
  });

  scenario('the image and the language of the gate are kept, unless others are given', async () => {
    const argument = { op: 'add', path: '/spec/template/spec/containers/0/args/-', value: '--language=zh' };
    assertAdmitted(
      await own('patch', `deployment/${gateName}`, '--type=json', `--patch=${JSON.stringify([argument])}`),
    );
    const kept = await bootstrap('--service');
    assert.equal(kept.code, 0, kept.stderr);
    assert.ok(kept.stdout.includes(image));
    assert.match(kept.stdout, /^ +- "?--language=zh"?$/m);
    assert.match((await bootstrap('--service', '--language=en')).stdout, /^ +- "?--language=en"?$/m);
  });

  scenario('--delete removes every object', async () => {
    const { code, stdout, stderr } = await bootstrap('--delete');
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /^deleted {4}ValidatingWebhookConfiguration kube-image-bouncer\ndeleted {4}Deployment /,
    );
    await eventually('the namespace is deleted', async () =>
      /not found/.test((await kubectl('get', `namespace/${gateName}`)).stderr) ? true : undefined,
    );
    assertAdmitted(await kubectl('run', 'free', '--image=nginx'));
  });
}
