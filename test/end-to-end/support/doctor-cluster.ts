import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Authority,
  createAuthority,
  type KeyPair,
  type ServingRequest,
} from '../../../src/certificate/authority.ts';
import type { FindingCode } from '../../../src/diagnosis/finding.ts';
import type { Severity } from '../../../src/diagnosis/catalogue/finding-kind.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { openCluster } from '../../../src/kubernetes/config.ts';
import { type KubernetesObject, type ObjectReference, referenceOf } from '../../../src/kubernetes/object.ts';
import { parseKubernetesVersion } from '../../../src/kubernetes/version.ts';
import { parsePolicy } from '../../../src/policy-source/load.ts';
import type { Stage } from '../../../src/policy/stage.ts';
import { renderWebhookConfiguration } from '../../../src/webhook/configuration.ts';
import { renderGateObjects } from '../../../src/webhook/gate-objects.ts';
import { GATE_NAME, serviceHost } from '../../../src/wiring/names.ts';
import { bouncer } from '../../support/command-line.ts';
import type { KubernetesVersion } from '../../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { noLatestPolicy } from './objects.ts';
import { startProcess } from './processes.ts';
import { program } from '../../serve/gate-process.ts';

/** The output of doctor. */
export interface DoctorAnswer {
  readonly code: number;
  readonly healthy: boolean;
  readonly enforcing: boolean | null;
  readonly proofs: readonly string[];
  readonly findings: readonly {
    readonly code: FindingCode;
    readonly severity: Severity;
    readonly subject: string;
    readonly what: string;
    readonly remedy: string;
  }[];
}

/** A cluster with a gate behind a Service. The API server calls the gate at the cluster address of the Service. */
interface DoctorCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly client: KubernetesClient;
  readonly authority: Authority;
  /** `https://address:port` of the gate, with the cluster address of its Service. */
  readonly gateUrl: string;
  readonly stopGate: () => Promise<void>;
  readonly startGate: () => Promise<void>;
  /** Starts another gate at its own address, with the given certificate. */
  readonly serveAlso: (pair: KeyPair, flags?: readonly string[]) => Promise<ServingGate>;
  /** Issues a serving certificate for that address. It is valid for 90 days unless other dates are given. */
  readonly issue: (request?: Partial<ServingRequest>) => Promise<KeyPair>;
  /** Runs doctor for the cluster, with these additional options. */
  readonly doctor: (args?: readonly string[]) => Promise<DoctorAnswer>;
  /** Writes the objects of a healthy cluster for a stage. */
  readonly wire: (stage?: Stage) => Promise<void>;
  readonly logTails: () => Promise<string>;
}

// All addresses of 127.0.0.0/8 belong to this machine, so a Service can have an address without a kube-proxy.
const SERVICE_RANGE = '127.66.0.0/16';
const SERVICE_ADDRESS = '127.66.0.77';
const OTHER_ADDRESS = '127.67.0.1';

/** Starts a control plane, and a gate at the address of its Service. The gate is not wired yet. */
export async function openDoctorCluster(version: KubernetesVersion): Promise<DoctorCluster> {
  await using parts = new AsyncDisposableStack();
  const flags = [`--service-cluster-ip-range=${SERVICE_RANGE}`];
  const controlPlane = parts.use(
    await startControlPlane({
      environment: process.env,
      version,
      apiServer: { flags },
      users: [{ name: 'visitor' }],
    }),
  );
  const { folder, kubeconfig } = controlPlane;
  const authority = await createAuthority({ commonName: 'doctor', notBefore: hourAgo(), days: 365 });
  const serving = await authority.issueServing({
    commonName: GATE_NAME,
    dnsNames: [serviceHost(GATE_NAME)],
    ipAddresses: [SERVICE_ADDRESS],
    notBefore: hourAgo(),
    days: 90,
  });
  const port = await freePort();
  let gate = parts.use(await startGateAt({ folder, address: SERVICE_ADDRESS, port }, serving));
  const client = await openCluster({ kubeconfig });
  const wiring = { version: controlPlane.version, authority, serving, port };
  const owned = parts.move();
  return {
    controlPlane,
    client,
    authority,
    gateUrl: `https://${SERVICE_ADDRESS}:${port}`,
    stopGate: () => gate.stop(),
    startGate: async () => {
      gate = await startGateAt({ folder, address: SERVICE_ADDRESS, port }, serving);
    },
    serveAlso: async (pair, flags) =>
      startGateAt({ folder, address: OTHER_ADDRESS, port: await freePort(), flags }, pair),
    issue: (request) =>
      authority.issueServing({
        commonName: GATE_NAME,
        dnsNames: [],
        ipAddresses: [OTHER_ADDRESS],
        notBefore: hourAgo(),
        days: 90,
        ...request,
      }),
    doctor: (args) => runDoctor(kubeconfig, args),
    wire: async (stage = 'deny') => {
      for (const object of await healthyObjects({ ...wiring, stage }))
        await client.apply(object, { force: true });
      await markReady(client, 3);
    },
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => {
      await gate.stop();
      await owned.disposeAsync();
    },
  };
}

/** Runs doctor in this process and reads its JSON. */
export async function runDoctor(
  kubeconfig: string | undefined,
  args: readonly string[] = [],
): Promise<DoctorAnswer> {
  const { code, stdout, stderr } = await bouncer([
    'doctor',
    '--output=json',
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...args,
  ]);
  assert.equal(stderr, '');
  return { code, ...(JSON.parse(stdout) as Omit<DoctorAnswer, 'code'>) };
}

function hourAgo(): Date {
  return new Date(Date.now() - 3_600_000);
}

/** The addresses of a running gate. */
export interface ServingGate extends AsyncDisposable {
  /** `https://address:port`. */
  readonly url: string;
  /** `http://address:port` of its health pages. */
  readonly healthUrl: string;
  readonly stop: () => Promise<void>;
  readonly logTail: () => Promise<string>;
}

interface GatePlace {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly flags?: readonly string[] | undefined;
}

async function startGateAt(
  { folder, address, port, flags = [] }: GatePlace,
  pair: KeyPair,
): Promise<ServingGate> {
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, `${port}-${name}`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const healthPort = await freePort();
  const gate = startProcess({
    program: process.execPath,
    arguments: [
      program,
      'serve',
      `--cert=${await file('gate.crt', pair.certificate)}`,
      `--key=${await file('gate.key', pair.key)}`,
      `--policy=${await file('policy.yaml', noLatestPolicy)}`,
      `--port=${port}`,
      `--health-port=${healthPort}`,
      `--bind=${address}`,
      '--drain=0',
      ...flags,
    ],
    environment: { PATH: process.env['PATH'], HOME: folder },
    workingFolder: folder,
    logFile: join(folder, `${port}-gate.log`),
  });
  const healthUrl = `http://${address}:${healthPort}`;
  await eventually('the gate listens', async () => (await fetch(`${healthUrl}/livez`)).ok || undefined);
  const stop = (): Promise<void> => gate.stop('SIGKILL');
  return {
    url: `https://${address}:${port}`,
    healthUrl,
    stop,
    logTail: () => gate.logTail(),
    [Symbol.asyncDispose]: stop,
  };
}

interface HealthyCluster {
  readonly version: string;
  readonly authority: Authority;
  readonly serving: KeyPair;
  readonly port: number;
  readonly stage: Stage;
}

/** The objects that `bootstrap webhook --service` applies, with a port that does not need root. */
async function healthyObjects(cluster: HealthyCluster): Promise<readonly KubernetesObject[]> {
  const { authority, serving, port, stage } = cluster;
  const version = parseKubernetesVersion(cluster.version);
  assert.ok(version !== undefined);
  const gate = renderGateObjects({
    namespace: GATE_NAME,
    version,
    image: 'registry.example.com/kube-image-bouncer:1.0.0',
    replicas: 3,
    client: undefined,
    policyText: noLatestPolicy,
    certificates: {
      source: 'own',
      serving,
      trust: authority.certificate,
      authority: { certificate: authority.certificate, key: authority.key },
    },
  });
  const wiring = renderWebhookConfiguration({
    address: { form: 'service', namespace: GATE_NAME },
    policy: await parsePolicy(noLatestPolicy, 'policy.yaml'),
    stage,
    kubeSystem: 'warn',
    exemptNamespaces: [],
    timeoutSeconds: 10,
    version,
    trust: authority.certificate,
  });
  return [...gate.map((object) => withPort(object, port)), endpoints(port), withPort(wiring, port)];
}

function withPort(object: KubernetesObject, port: number): KubernetesObject {
  const text = JSON.stringify(object).replaceAll('"port":443', `"port":${port}`);
  const changed = JSON.parse(text) as KubernetesObject;
  if (object.kind !== 'Service') return changed;
  return { ...changed, spec: { ...(changed['spec'] as object), clusterIP: SERVICE_ADDRESS } };
}

/** No kubelet makes pods ready here. The API server calls the cluster address regardless of the endpoints. */
function endpoints(port: number): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${GATE_NAME}-1`,
      namespace: GATE_NAME,
      labels: { 'kubernetes.io/service-name': GATE_NAME },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.10'], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}

/** Writes the status that a kubelet and a controller would write if this number of gates were ready. */
export async function markReady(client: KubernetesClient, readyReplicas: number): Promise<void> {
  const { status } = await client.send({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${GATE_NAME}/deployments/${GATE_NAME}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { replicas: 3, readyReplicas, availableReplicas: readyReplicas } },
  });
  assert.equal(status, 200);
}

/** Changes or deletes an object while `body` runs, and restores it afterwards. */
export async function whileChanged(
  client: KubernetesClient,
  reference: ObjectReference,
  change: (object: KubernetesObject) => KubernetesObject | undefined,
  body: () => Promise<unknown>,
): Promise<void> {
  const before = await client.get(reference);
  assert.ok(before !== undefined, `${reference.kind} ${reference.name} is there`);
  const after = change(structuredClone(before));
  if (after === undefined) await client.delete(reference);
  else await client.replace(after);
  try {
    await body();
  } finally {
    const now = await client.get(reference);
    const { resourceVersion: _, uid: __, ...metadata } = before.metadata;
    if (now === undefined) await client.create({ ...before, metadata });
    else
      await client.replace({
        ...before,
        metadata: { ...metadata, resourceVersion: now.metadata.resourceVersion ?? '' },
      });
    // The status is not restored with the object.
    if (reference.kind === 'Deployment') await markReady(client, 3);
  }
}

/** The webhook configuration of a healthy cluster. */
export const CONFIGURATION: ObjectReference = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: GATE_NAME,
};

type Webhook = Readonly<Record<string, unknown>>;

/** Changes every webhook of a configuration. */
export function eachWebhook(
  change: (webhook: Webhook) => Webhook,
): (object: KubernetesObject) => KubernetesObject {
  return (object) => ({ ...object, webhooks: (object['webhooks'] as Webhook[]).map(change) });
}

/** Creates an object that is made from the healthy configuration, and deletes it after `body`. */
export async function withObject(
  client: KubernetesClient,
  make: (healthy: KubernetesObject) => Promise<KubernetesObject>,
  body: () => Promise<unknown>,
): Promise<void> {
  const healthy = await client.get(CONFIGURATION);
  assert.ok(healthy !== undefined);
  const object = await make(healthy);
  await client.create(object);
  try {
    await body();
  } finally {
    await client.delete(referenceOf(object));
  }
}

/** A kubeconfig of another user of the cluster. */
export async function asUser({ folder, kubeconfig }: ControlPlane, user: string): Promise<string> {
  const file = join(folder, `${user}.json`);
  const text = (await readFile(kubeconfig, 'utf8')).replace('"user":"admin"}', `"user":"${user}"}`);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}
