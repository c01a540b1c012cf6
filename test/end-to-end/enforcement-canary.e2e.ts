import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import {
  asUser,
  CONFIGURATION,
  openDoctorCluster,
  whileChanged,
  type ServingGate,
} from './support/doctor-cluster.ts';
import { eventually } from './support/eventually.ts';
import { scenario, shared } from './support/scenario.ts';

/** The permissions of the canary. */
const RIGHTS = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'canary', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'canary', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'canary' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'visitor' }],
  },
];

describe('a gate that checks whether the API server calls it', () => {
  const cluster = shared(async () => {
    const opened = await openDoctorCluster('v1.37');
    await opened.wire();
    for (const object of RIGHTS) await opened.client.create(object);
    return opened;
  });

  /** The value of the metric, as soon as it exists. */
  const untilMetric = (gate: ServingGate, value: string): Promise<true> =>
    eventually(`kube_image_bouncer_enforcing becomes ${value}`, async () => {
      const page = await (await fetch(`${gate.healthUrl}/metrics`)).text();
      return new RegExp(`^kube_image_bouncer_enforcing ${value}$`, 'im').test(page) || undefined;
    });

  scenario('reports each change between called and not called', async () => {
    const kubeconfig = await asUser(cluster().controlPlane, 'visitor');
    await using gate = await cluster().serveAlso(await cluster().issue(), [
      `--canary-kubeconfig=${kubeconfig}`,
      '--canary-interval=1',
    ]);
    await untilMetric(gate, '1');
    await whileChanged(
      cluster().client,
      CONFIGURATION,
      () => undefined,
      async () => {
        await untilMetric(gate, '0');
        const ready = await fetch(`${gate.healthUrl}/readyz`);
        assert.equal(ready.status, 200, 'a gate that the API server does not call stays ready');
        assert.match(await ready.text(), /^\[\+\]enforcement ok: not enforcing: /m);
      },
    );
    await untilMetric(gate, '1');
    assert.equal(await storedPods(), 0, 'nothing was stored');
  });

  scenario('reports unknown if no gate can be called', async () => {
    await using gate = await cluster().serveAlso(await cluster().issue(), [
      `--canary-kubeconfig=${cluster().controlPlane.kubeconfig}`,
      '--canary-interval=1',
    ]);
    await untilMetric(gate, '1');
    await cluster().stopGate();
    await untilMetric(gate, 'NaN');
    await cluster().startGate();
    await untilMetric(gate, '1');
  });

  scenario('works with a kubeconfig that is written after the start', async () => {
    const file = join(cluster().controlPlane.folder, 'late.json');
    await using gate = await cluster().serveAlso(await cluster().issue(), [
      `--canary-kubeconfig=${file}`,
      '--canary-interval=1',
    ]);
    await untilMetric(gate, 'NaN');
    await writeFile(file, await readFile(cluster().controlPlane.kubeconfig));
    await untilMetric(gate, '1');
  });

  const storedPods = async (): Promise<number> => {
    let count = 0;
    for await (const { metadata } of cluster().client.list({ apiVersion: 'v1', kind: 'Pod' }))
      count += metadata.name.startsWith('kube-image-bouncer-canary') ? 1 : 0;
    return count;
  };
});
