import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesVersion } from '../../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { readyEndpoint, startPodOf } from './kubelet.ts';
import { addAddress, startServiceProxy, type Address } from './network-namespace.ts';
import type { Outage } from './pod-traffic.ts';
import type { RunningProcess } from './processes.ts';
import { gateName } from './service-cluster.ts';
import { assertAdmitted } from './stage.ts';
import { runOurselves } from './wired-cluster.ts';

/** A cluster with a gate of several pods behind its Service, in a separate network. */
export interface ReplicatedGate extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  /**
   * Ends one pod, starts it again and adds it to the endpoints again. kube-proxy removes the ended pod one second
   * late. Resolves with the time of the outage.
   */
  readonly restart: (pod: string, signal: 'SIGTERM' | 'SIGKILL') => Promise<Outage>;
}

/** Addresses of the pods. */
export const podAddresses = ['10.1.0.1', '10.1.0.2'] as const;

const REVIEW_PORT = 8443;
const PROPAGATION_MS = 1000;
/** Longer than the drain of the gate. */
const GRACE_MS = 30_000;
const image = `registry.example.com/${gateName}:0.1.0@sha256:${'0'.repeat(64)}`;

/**
 * Starts a cluster, wires it with `bootstrap webhook --service`, and replaces the kubelet and kube-proxy of its pods.
 */
export async function openReplicatedGate(version: KubernetesVersion): Promise<ReplicatedGate> {
  const environment = process.env;
  await using parts = new AsyncDisposableStack();
  const controlPlane = parts.use(await startControlPlane({ environment, version }));
  const { kubectl, folder, kubeconfig } = controlPlane;
  const running = new Map<string, RunningProcess>();
  parts.defer(async () => {
    for (const pod of running.values()) await pod.stop('SIGKILL');
  });
  const start = async (address: string): Promise<void> => {
    running.set(
      address,
      await startPodOf(gateName, { controlPlane, namespace: gateName, environment, address }),
    );
  };
  const command = ['bootstrap', 'webhook', '--service', `--image=${image}`, '--apply'];
  const wired = runOurselves(folder, [...command, `--kubeconfig=${kubeconfig}`]);
  await eventually('the Deployment is there', async () =>
    (await kubectl(['get', `--namespace=${gateName}`, `deployment/${gateName}`])).code === 0
      ? true
      : undefined,
  );
  for (const address of podAddresses) {
    await addAddress(address, environment);
    await start(address);
  }
  const service = await kubectl([
    'get',
    `--namespace=${gateName}`,
    `service/${gateName}`,
    '-o=jsonpath={.spec.clusterIP}',
  ]);
  await addAddress(service.stdout, environment);
  let endpoints: readonly Address[] = podAddresses.map((address) => ({ address, port: REVIEW_PORT }));
  parts.use(await startServiceProxy({ address: service.stdout, port: 443 }, () => endpoints));
  const slice = JSON.stringify(readyEndpoint(gateName, gateName, REVIEW_PORT, podAddresses));
  assertAdmitted(await kubectl(['apply', '--filename=-'], { stdin: slice }));
  const { code, stdout, stderr } = await wired;
  assert.equal(code, 0, stdout + stderr);
  const owned = parts.move();
  return {
    controlPlane,
    restart: async (pod, signal) => {
      const fromMs = performance.now();
      const ended = running.get(pod)?.stop(signal, GRACE_MS);
      await sleep(PROPAGATION_MS);
      endpoints = endpoints.filter(({ address }) => address !== pod);
      await ended;
      assert.equal(running.get(pod)?.ending(), signal === 'SIGTERM' ? 'exit code 0' : 'SIGKILL');
      await start(pod);
      endpoints = [...endpoints, { address: pod, port: REVIEW_PORT }];
      return { fromMs, toMs: performance.now() };
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
