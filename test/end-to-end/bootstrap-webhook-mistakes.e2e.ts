import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe } from 'node:test';
import { GATE_NAME } from '../../src/wiring/names.ts';
import { freePort } from './support/free-ports.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster, runOurselves } from './support/wired-cluster.ts';

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: GATE_NAME } };
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: GATE_NAME, namespace: GATE_NAME },
  spec: { ports: [{ port: 443 }] },
};
const labels = { app: 'gate' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: GATE_NAME, namespace: GATE_NAME },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'gate', image: 'gate:1' }] } },
  },
};

/** Written by hand. It calls the gate of the cluster and has its own name. */
const handMade = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'by-hand' },
  webhooks: [
    {
      name: 'gate.example.com',
      clientConfig: { service: { namespace: GATE_NAME, name: GATE_NAME } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'elsewhere' } },
    },
  ],
};

describe('a cluster that is wired at deny, and a user who makes a mistake', () => {
  const cluster = shared(async () => openWiredCluster({ environment: process.env, version: 'v1.37' }));
  const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
  const create = async (object: object): Promise<CommandResult> =>
    cluster().controlPlane.kubectl(['create', '--filename=-'], { stdin: JSON.stringify(object) });
  const ourselves = async (...words: string[]): Promise<CommandResult> => {
    const { folder, kubeconfig } = cluster().controlPlane;
    return runOurselves(folder, ['bootstrap', 'webhook', `--kubeconfig=${kubeconfig}`, ...words]);
  };

  scenario('keeps its wiring if the gate of a new wiring is not reachable', async () => {
    assert.equal((await cluster().bootstrap('--apply')).code, 0);
    const { code, stdout } = await cluster().bootstrap(
      '--apply',
      `--url=https://127.0.0.1:${await freePort()}`,
    );
    assert.equal(code, 1);
    assert.match(stdout, /^restored: the former wiring$/m);
    assertAdmitted(await kubectl('run', 'good', '--image=nginx:1.17.1'));
    assertRefused(await kubectl('run', 'bad', '--image=nginx'), latestRefused);
  });

  scenario('is warned about the running workloads of a namespace before the webhook covers it', async () => {
    assert.equal((await cluster().bootstrap('--apply', '--exempt-namespaces=kube-public')).code, 0);
    assertAdmitted(await kubectl('run', 'old', '--image=nginx', '--namespace=kube-public'));
    const { code, stdout } = await cluster().bootstrap('--apply');
    assert.equal(code, 1);
    assert.match(stdout, /^refused {2}Pod kube-public\/old$/m);
    assertAdmitted(await kubectl('run', 'still', '--image=nginx', '--namespace=kube-public'));
    assert.equal((await cluster().bootstrap('--apply', '--yes')).code, 0);
  });

  scenario('keeps the objects of a gate that the API server can no longer reach', async () => {
    for (const object of [namespace, service, deployment]) assertAdmitted(await create(object));
    const out = join(cluster().controlPlane.folder, 'out');
    const words = ['--service', '--image=gate:2', '--client-ca', `--out=${out}`, '--apply'];
    const { code, stdout } = await ourselves(...words);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^nothing was applied: the gate would require a client certificate/m);
    assert.match(
      (await kubectl('get', 'deployment', `--namespace=${GATE_NAME}`, '-o=yaml')).stdout,
      /gate:1/,
    );
  });

  scenario(
    'keeps the objects of a gate that another webhook calls, even if --delete runs twice',
    async () => {
      assertAdmitted(await create(handMade));
      for (let time = 0; time < 2; time += 1) {
        const { code, stdout } = await ourselves('--delete');
        assert.equal(code, 1, stdout);
        assert.match(
          stdout,
          /^ValidatingWebhookConfiguration by-hand still calls the gate, so the gate was not deleted/m,
        );
      }
      assertAdmitted(await kubectl('get', 'service', GATE_NAME, `--namespace=${GATE_NAME}`));
      assertAdmitted(await kubectl('delete', 'validatingwebhookconfiguration', 'by-hand'));
      const { code, stdout } = await ourselves('--delete');
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^deleted +Service /m);
    },
  );
});
