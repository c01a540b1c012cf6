import assert from 'node:assert/strict';
import type { Environment, KubernetesVersion } from '../../control-plane/binaries.ts';
import { eventually } from './eventually.ts';
import type { Namespace } from './stage.ts';
import { assertAdmitted } from './stage.ts';
import { openWiredCluster, type WiredCluster } from './wired-cluster.ts';
import { container, listOf, replicated, workloadRows, type PodSpec } from './workload-objects.ts';

/** The image of all objects of the scene. The current policy refuses it in new objects. */
export const oldImage = 'registry.example.com/web:latest';
export const goodImage = 'registry.example.com/web:1.27.3';

/** A cluster with objects that are older than the wiring of the gate. */
interface LifeScene extends WiredCluster {
  readonly in: (namespace: string) => Namespace;
}

const oldSpec: PodSpec = { containers: [container('web', oldImage)] };
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };

/** The objects of each namespace before the gate is wired, and the number of their pods. */
function scenesOf(version: KubernetesVersion): Readonly<Record<string, readonly [number, ...object[]]>> {
  const deployment = (replicas: number): object => replicated('Deployment', 'web', replicas, oldSpec);
  return {
    debugged: [1, pod('web', oldSpec)],
    edited: [
      1,
      ...workloadRows(version).flatMap(({ apiVersion, kind, make }) =>
        // Both versions of CronJob serve the same objects. No node has this label, so the DaemonSet creates no pods.
        apiVersion === 'batch/v1beta1'
          ? []
          : [make(kind.toLowerCase(), { ...oldSpec, nodeSelector: { of: 'no-node' } })],
      ),
    ],
    restarted: [1, deployment(1)],
    scaled: [4, deployment(2), replicated('StatefulSet', 'db', 2, oldSpec)],
    repaired: [2, deployment(1), pod('alone', oldSpec)],
    mixed: [1, pod('web', { containers: [container('old', oldImage), container('new', goodImage)] })],
    drained: [2, pod('bare', { ...oldSpec, nodeName: 'n1' }), pod('evicted', oldSpec)],
    adopted: [1, pod('web', oldSpec, { labels: { app: 'web' } })],
    ended: [1, pod('held', oldSpec, { finalizers: ['example.com/held'] })],
    collected: [2, deployment(1), replicated('Deployment', 'orphaning', 1, oldSpec)],
    deleted: [4, deployment(2), replicated('StatefulSet', 'db', 1, oldSpec), pod('alone', oldSpec)],
  };
}

/** Starts a cluster, creates objects with a forbidden image, and wires the gate afterwards. */
export async function openLifeScene(options: {
  readonly environment: Environment;
  readonly version: KubernetesVersion;
}): Promise<LifeScene> {
  await using parts = new AsyncDisposableStack();
  const cluster = parts.use(
    await openWiredCluster({ ...options, controllers: true, moreControllers: ['garbagecollector'] }),
  );
  const { kubectl } = cluster.controlPlane;
  const scenes = Object.entries(scenesOf(options.version));
  const namespaces = scenes.map(([name]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  assertAdmitted(await kubectl(['create', '--filename=-'], { stdin: listOf([node, ...namespaces]) }));
  for (const [namespace, [, ...objects]] of scenes)
    assertAdmitted(
      await kubectl(['create', `--namespace=${namespace}`, '--filename=-'], { stdin: listOf(objects) }),
    );
  const expected = scenes.reduce((sum, [, [pods]]) => sum + pods, 0);
  await eventually(`${expected} pods are there`, async () => {
    const { stdout } = await kubectl(['get', 'pods', '--all-namespaces', '-o=name']);
    return stdout.trim().split('\n').length >= expected ? true : undefined;
  });
  const wired = await cluster.bootstrap('--apply', '--yes');
  assert.equal(wired.code, 0, wired.stdout + wired.stderr);
  const owned = parts.move();
  return {
    ...cluster,
    in: (namespace) => async (commandArguments, object) =>
      kubectl(
        [`--namespace=${namespace}`, ...commandArguments],
        object === undefined ? {} : { stdin: JSON.stringify(object) },
      ),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

function pod(name: string, spec: PodSpec, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}
