import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { findBinaries, newestKubernetes } from '../../control-plane/binaries.ts';
import type { Binaries, Environment, KubernetesVersion } from '../../control-plane/binaries.ts';
import { eventually, GivenUpError } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { runCommand, startProcess } from './processes.ts';
import type { CommandResult, RunningProcess } from './processes.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** The options of the API server that a wiring changes. */
export interface ApiServerOptions {
  /** Flags that follow our own flags, such as `--enable-admission-plugins=ImagePolicyWebhook`. */
  readonly flags?: readonly string[];
  /** An `AdmissionConfiguration`, which is written to a file for `--admission-control-config-file`. */
  readonly admissionConfiguration?: object;
  /** Environment variables for the Go runtime of the API server. */
  readonly environment?: Environment;
}

/** A user of the cluster without permissions. The user `admin` exists as well and may do everything. */
export interface ClusterUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** The options of a control plane. */
interface ControlPlaneOptions {
  /** The environment of the test: it determines where Go, the cache and `KUBEBUILDER_ASSETS` are. */
  readonly environment: Environment;
  readonly version?: KubernetesVersion;
  readonly apiServer?: ApiServerOptions;
  /** Runs kube-controller-manager, which creates the pods of controllers. @default false */
  readonly controllers?: boolean;
  /** Runs these controllers as well, such as `garbagecollector`. */
  readonly moreControllers?: readonly string[];
  readonly users?: readonly ClusterUser[];
}

/** A real etcd and kube-apiserver, and a kubectl that calls them. No kubelet runs, so pods stay Pending. */
export interface ControlPlane extends AsyncDisposable {
  /** The version that the API server reports, such as `v1.37.1`. */
  readonly version: string;
  /** A temporary folder that is deleted with the control plane. */
  readonly folder: string;
  readonly url: string;
  readonly kubeconfig: string;
  /** Runs kubectl as `admin` or as another user. A failed command does not throw. */
  readonly kubectl: (
    commandArguments: readonly string[],
    options?: { readonly stdin?: string; readonly user?: string; readonly environment?: Environment },
  ) => Promise<CommandResult>;
  /** Stops the API server and starts it with other options. etcd keeps the objects of the cluster. */
  readonly restartApiServer: (options: ApiServerOptions) => Promise<void>;
  /** The end of the log of each process, for a test that failed. */
  readonly logTails: () => Promise<string>;
}

const startTimeoutMs = 60_000;
const kubectlTimeoutMs = 60_000;
const controllerNames = [
  'replicationcontroller',
  'replicaset',
  'deployment',
  'job',
  'cronjob',
  'statefulset',
  'daemonset',
  'namespace',
];

/**
 * Starts a control plane on free ports of loopback, as the user who runs the test.
 *
 * @throws {GoError} if its programs can be neither found nor built.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const binaries = await findBinaries(options.environment, options.version ?? newestKubernetes);
  await using processes = new AsyncDisposableStack();
  const folder = processes.use(await makeTemporaryFolder('control-plane'));
  const layout = await prepareFolder(folder.path, options);

  const etcd = processes.use(await startEtcd(binaries, layout));
  let apiServer = await startApiServer(binaries, layout, options.apiServer ?? {});
  processes.defer(() => apiServer.stop('SIGKILL'));
  const runControllers = (): RunningProcess =>
    startControllers(binaries, layout, [...controllerNames, ...(options.moreControllers ?? [])]);
  let controllers = options.controllers === true ? runControllers() : undefined;
  processes.defer(async () => controllers?.stop('SIGKILL'));

  const kubectl: ControlPlane['kubectl'] = async (commandArguments, { stdin, user, environment } = {}) =>
    runCommand(binaries.kubectl, [...(user === undefined ? [] : [`--user=${user}`]), ...commandArguments], {
      environment: { ...layout.environment, KUBECONFIG: layout.kubeconfig, ...environment },
      ...(stdin === undefined ? {} : { stdin }),
      timeoutMs: kubectlTimeoutMs,
    });
  const version = await readVersion(layout);
  const owned = processes.move();
  return {
    version,
    folder: layout.folder,
    url: layout.url,
    kubeconfig: layout.kubeconfig,
    kubectl,
    restartApiServer: async (changed) => {
      // Controllers that lose their API server wait longer after each attempt. New processes start immediately.
      await controllers?.stop('SIGKILL');
      // etcd has every write that was answered, so no data is lost if the test does not wait for open watches.
      await apiServer.stop('SIGKILL');
      apiServer = await startApiServer(binaries, layout, changed);
      controllers = controllers === undefined ? undefined : runControllers();
    },
    logTails: async () => logTails([etcd, apiServer, ...(controllers === undefined ? [] : [controllers])]),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** The folder and the ports of a control plane. */
export interface Layout {
  readonly folder: string;
  readonly environment: Environment;
  readonly kubeconfig: string;
  readonly certificates: string;
  readonly servingCertificate: string;
  readonly serviceAccountKey: string;
  readonly tokens: string;
  readonly port: number;
  readonly url: string;
  readonly etcdUrl: string;
  readonly etcdPeerUrl: string;
}

/** Writes the files that a control plane needs before its programs start, and chooses its ports. */
export async function prepareFolder(folder: string, options: ControlPlaneOptions): Promise<Layout> {
  const certificates = join(folder, 'certificates');
  await mkdir(certificates);
  const port = await freePort();
  const layout: Layout = {
    folder,
    // Not the environment of the test: the proxy or the kubeconfig of the user must not affect the programs of the
    // cluster.
    environment: { PATH: options.environment['PATH'], HOME: folder },
    kubeconfig: join(folder, 'kubeconfig.json'),
    certificates,
    // kube-apiserver creates this pair if the folder is empty.
    servingCertificate: join(certificates, 'apiserver.crt'),
    serviceAccountKey: join(folder, 'service-account.key'),
    tokens: join(folder, 'tokens.csv'),
    port,
    url: `https://127.0.0.1:${port}`,
    etcdUrl: `http://127.0.0.1:${await freePort()}`,
    etcdPeerUrl: `http://127.0.0.1:${await freePort()}`,
  };
  const users: ClusterUser[] = [{ name: 'admin', groups: ['system:masters'] }, ...(options.users ?? [])];
  const tokens = users.map(
    ({ name, groups = [] }) => `${tokenOf(name)},${name},${name},"${groups.join(',')}"`,
  );
  await writeFile(layout.tokens, `${tokens.join('\n')}\n`, { mode: 0o600 });
  await writeFile(layout.kubeconfig, JSON.stringify(kubeconfigFor(layout, users)), { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(layout.serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }), {
    mode: 0o600,
  });
  return layout;
}

function tokenOf(user: string): string {
  return `${user}-token`;
}

function kubeconfigFor(layout: Layout, users: readonly ClusterUser[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: layout.url, 'certificate-authority': layout.servingCertificate } },
    ],
    users: users.map(({ name }) => ({ name, user: { token: tokenOf(name) } })),
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
}

/** Starts etcd, and waits until it is healthy. */
export async function startEtcd(binaries: Binaries, layout: Layout): Promise<RunningProcess> {
  const etcd = startProcess({
    program: binaries.etcd,
    arguments: [
      `--data-dir=${join(layout.folder, 'etcd')}`,
      `--listen-client-urls=${layout.etcdUrl}`,
      `--advertise-client-urls=${layout.etcdUrl}`,
      `--listen-peer-urls=${layout.etcdPeerUrl}`,
      `--initial-advertise-peer-urls=${layout.etcdPeerUrl}`,
      `--initial-cluster=default=${layout.etcdPeerUrl}`,
      // The data is deleted with the test, so waiting for the disk proves nothing.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    environment: layout.environment,
    workingFolder: layout.folder,
    logFile: join(layout.folder, 'etcd.log'),
  });
  await untilStarted(etcd, async () => {
    const answer = await fetch(`${layout.etcdUrl}/health`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok;
  });
  return etcd;
}

async function startApiServer(
  binaries: Binaries,
  layout: Layout,
  options: ApiServerOptions,
): Promise<RunningProcess> {
  const flags = [...(options.flags ?? [])];
  if (options.admissionConfiguration !== undefined) {
    const file = join(layout.folder, 'admission-configuration.json');
    await writeFile(file, JSON.stringify(options.admissionConfiguration));
    flags.push(`--admission-control-config-file=${file}`);
  }
  const apiServer = startProcess({
    program: binaries.kubeApiserver,
    arguments: [...apiServerArguments(layout), ...flags],
    environment: { ...layout.environment, ...options.environment },
    workingFolder: layout.folder,
    logFile: join(layout.folder, 'kube-apiserver.log'),
  });
  await untilStarted(apiServer, async () => (await get(layout, '/readyz')).status === 200);
  return apiServer;
}

/** The flags of an API server with these files and ports, without the flags of a wiring. */
export function apiServerArguments(layout: Layout): readonly string[] {
  return [
    `--etcd-servers=${layout.etcdUrl}`,
    `--secure-port=${layout.port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // With any other reconciler, newer versions refuse to advertise a loopback address.
    '--endpoint-reconciler-type=none',
    `--cert-dir=${layout.certificates}`,
    `--token-auth-file=${layout.tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${layout.serviceAccountKey}`,
    `--service-account-signing-key-file=${layout.serviceAccountKey}`,
    // No controller creates ServiceAccounts here. Without a ServiceAccount this plugin refuses every pod.
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged',
  ];
}

function startControllers(binaries: Binaries, layout: Layout, names: readonly string[]): RunningProcess {
  return startProcess({
    program: binaries.kubeControllerManager,
    arguments: [
      `--kubeconfig=${layout.kubeconfig}`,
      `--controllers=${names.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
    environment: layout.environment,
    workingFolder: layout.folder,
    logFile: join(layout.folder, 'kube-controller-manager.log'),
  });
}

/** Waits until a process is ready. If it ends or is not ready in time, it is stopped and the error shows its log. */
async function untilStarted(started: RunningProcess, isReady: () => Promise<boolean>): Promise<void> {
  try {
    await eventually(
      `${started.name} becomes ready`,
      async () => {
        if (started.ending() !== undefined)
          throw new GivenUpError(`${started.name} ended with ${started.ending()}`);
        return (await isReady()) ? true : undefined;
      },
      { timeoutMs: startTimeoutMs, intervalMs: 50 },
    );
  } catch (error) {
    await started.stop('SIGKILL');
    throw new Error(`${started.name} did not start; its log ends with\n${await started.logTail()}`, {
      cause: error,
    });
  }
}

async function readVersion(layout: Layout): Promise<string> {
  const { body } = await get(layout, '/version');
  const { gitVersion } = JSON.parse(body) as { gitVersion: string };
  return gitVersion;
}

/** Sends a request to the API server as `admin`. Trusts the certificate that the API server created. */
async function get(layout: Layout, path: string): Promise<{ status: number; body: string }> {
  const ca = await readFile(layout.servingCertificate);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${layout.url}${path}`,
      { ca, agent: false, headers: { authorization: `Bearer ${tokenOf('admin')}` }, timeout: 5_000 },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`GET ${path}: no answer within 5 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function logTails(processes: readonly RunningProcess[]): Promise<string> {
  const tails = await Promise.all(processes.map(async (one) => `--- ${one.name}\n${await one.logTail()}`));
  return tails.join('\n');
}
