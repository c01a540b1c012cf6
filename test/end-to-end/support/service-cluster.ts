import type { KubernetesVersion } from '../../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { readyEndpoint, startPodOf } from './kubelet.ts';
import { addAddress, startServiceProxy } from './network-namespace.ts';
import type { RunningProcess } from './processes.ts';
import { assertAdmitted } from './stage.ts';

/** The name of all objects of the gate and of their namespace. */
export const gateName = 'kube-image-bouncer';

/** A cluster with replacements for the kubelet and kube-proxy of its one gate. */
interface ServiceCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly startGate: () => Promise<void>;
  readonly stopGate: () => Promise<void>;
  readonly logTails: () => Promise<string>;
}

/** Opens a cluster in a separate network, for the gate that `bootstrap webhook --service` installs. */
export async function openServiceCluster(version: KubernetesVersion): Promise<ServiceCluster> {
  const environment = process.env;
  await using parts = new AsyncDisposableStack();
  const controlPlane = parts.use(await startControlPlane({ environment, version, controllers: true }));
  const { kubectl } = controlPlane;
  let gate: RunningProcess | undefined;
  let isReachable = false;
  parts.defer(async () => gate?.stop('SIGKILL'));
  const owned = parts.move();
  const makeReachable = async (): Promise<void> => {
    const { stdout } = await kubectl([
      'get',
      `--namespace=${gateName}`,
      `service/${gateName}`,
      '-o=jsonpath={.spec.clusterIP}',
    ]);
    await addAddress(stdout, environment);
    owned.use(
      await startServiceProxy({ address: stdout, port: 443 }, [{ address: '127.0.0.1', port: 8443 }]),
    );
    isReachable = true;
  };
  return {
    controlPlane,
    startGate: async () => {
      gate = await startPodOf(gateName, { controlPlane, namespace: gateName, environment });
      if (!isReachable) await makeReachable();
      const slice = JSON.stringify(readyEndpoint(gateName, gateName, 8443));
      assertAdmitted(await kubectl(['apply', '--filename=-'], { stdin: slice }));
    },
    stopGate: async () => gate?.stop('SIGKILL'),
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${(await gate?.logTail()) ?? ''}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
