import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../control-plane/binaries.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually, GivenUpError } from './eventually.ts';
import { startProcess, type RunningProcess } from './processes.ts';

/** The first container of the pods of a Deployment, as the kubelet would run it. */
interface PodTemplate {
  readonly containers: readonly [
    {
      readonly args: readonly string[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
}

const program = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));
const startTimeoutMs = 20_000;
const mountRoot = '/etc/kube-image-bouncer/';

// The pod has its own file system, so the gate finds its files at the paths of the Deployment and not in the
// machine's /etc.
const inOwnMounts = 'mount -t tmpfs none /etc && cp -r "$1" /etc/kube-image-bouncer && shift && exec "$@"';

/** The namespace of a pod's Deployment, and its cluster. */
interface PodPlace {
  readonly controlPlane: ControlPlane;
  readonly namespace: string;
}

/**
 * Does what a kubelet does for one pod of a Deployment of the gate: writes the mounted Secrets and ConfigMaps to
 * files, and starts the gate with the arguments of the Deployment.
 */
export async function startPodOf(
  deployment: string,
  options: PodPlace & {
    readonly environment: Environment;
    /** The address of the pod, needed if there are several pods. @default all addresses */
    readonly address?: string;
  },
): Promise<RunningProcess> {
  const { controlPlane, address } = options;
  const { spec } = (await get(options, `deployment/${deployment}`)) as {
    spec: { template: { spec: PodTemplate } };
  };
  const { args: declared } = spec.template.spec.containers[0];
  // In a cluster each pod has its own network. Here the pods share one.
  const args = address === undefined ? declared : [...declared, `--bind=${address}`];
  const folder = await mkdtemp(join(controlPlane.folder, 'pod-'));
  await mountVolumes(spec.template.spec, folder, options);
  const gate = startProcess({
    program: 'unshare',
    arguments: ['--mount', 'sh', '-c', inOwnMounts, 'sh', folder, process.execPath, program, ...args],
    environment: { PATH: options.environment['PATH'], HOME: folder },
    workingFolder: folder,
    logFile: join(controlPlane.folder, address === undefined ? 'gate.log' : `gate-${address}.log`),
  });
  const healthPort = /--health-port=(\d+)/.exec(args.join(' '))?.[1] ?? '';
  await untilReady(gate, `${address ?? '127.0.0.1'}:${healthPort}`);
  return gate;
}

async function get({ controlPlane, namespace }: PodPlace, name: string): Promise<unknown> {
  const { code, stdout, stderr } = await controlPlane.kubectl([
    'get',
    `--namespace=${namespace}`,
    '-o=json',
    name,
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function mountVolumes(template: PodTemplate, folder: string, place: PodPlace): Promise<void> {
  for (const { name, mountPath } of template.containers[0].volumeMounts) {
    const volume = template.volumes.find((one) => one.name === name);
    assert.ok(mountPath.startsWith(mountRoot), mountPath);
    const mount = join(folder, mountPath.slice(mountRoot.length));
    await mkdir(mount);
    const isSecret = volume?.secret !== undefined;
    const source = isSecret
      ? `secret/${volume.secret.secretName}`
      : `configmap/${volume?.configMap?.name ?? ''}`;
    const { data } = (await get(place, source)) as { data: Record<string, string> };
    for (const [file, text] of Object.entries(data))
      await writeFile(join(mount, file), Buffer.from(text, isSecret ? 'base64' : 'utf8'));
  }
}

async function untilReady(gate: RunningProcess, health: string): Promise<void> {
  await eventually(
    'the gate becomes ready',
    async () => {
      if (gate.ending() !== undefined)
        throw new GivenUpError(`the gate ended with ${gate.ending()}: ${await gate.logTail()}`);
      return (await fetch(`http://${health}/readyz`)).ok ? true : undefined;
    },
    { timeoutMs: startTimeoutMs, intervalMs: 50 },
  );
}

/** The EndpointSlice that the controllers write when a pod of a Service is ready. */
export function readyEndpoint(
  service: string,
  namespace: string,
  port: number,
  addresses: readonly string[] = ['10.1.0.1'],
): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}
