import type { X509Certificate } from 'node:crypto';
import type { KeyPair } from '../certificate/authority.ts';
import { CertificateError } from '../certificate/errors.ts';
import type { FoundPair } from '../certificate/pki.ts';
import type { RotationTarget } from '../certificate/rotation.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ObjectReference } from '../kubernetes/object.ts';
import { isObject, renderPointer } from '../document/json.ts';
import { sendWebhookCanary } from '../wiring/canary.ts';
import {
  AUTHORITY_SECRET,
  GATE_NAME,
  HEALTH_PORT,
  LABELS,
  SELECTOR_LABELS,
  TLS_SECRET,
} from '../wiring/names.ts';
import { openBundleFinder, type GateCertificates, type RotatedBundle } from './rotated-bundles.ts';
import { readWiring } from '../webhook/wiring-in-force.ts';

const CONFIGURATIONS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

/** Default namespace of the canary: every cluster has it. */
const CANARY_NAMESPACE = 'default';

/** Reads and writes `caBundle` of every webhook of the gate. */
interface WebhookTrust {
  /** PEM, one for each webhook. */
  readonly read: () => Promise<readonly string[]>;
  readonly write: (bundle: string) => Promise<void>;
}

/** The trust in the webhook configurations of a cluster. */
function webhookTrust(cluster: KubernetesClient, gate: GateCertificates): WebhookTrust {
  return {
    read: async () => (await findBundles(cluster, gate)).map(({ found }) => found.pem),
    write: async (bundle) => {
      for (const { configuration, found } of await findBundles(cluster, gate)) {
        const { webhook, path } = found;
        await cluster.patch(configuration, [
          // A list that was changed meanwhile is not overwritten.
          { op: 'test', path: renderPointer([...path.slice(0, 2), 'name']), value: webhook },
          { op: 'add', path: renderPointer(path), value: toBase64(bundle) },
        ]);
      }
    },
  };
}

/**
 * Adds the trust of the webhook configurations of a cluster to a target.
 * @param gate The certificates of the gate, without the trust of any webhook. @default the target
 */
export function trustedByWebhooks(
  target: RotationTarget,
  cluster: KubernetesClient,
  gate: GateCertificates = target,
): RotationTarget {
  const trust = webhookTrust(cluster, gate);
  return {
    ...target,
    readTrust: async () => [...(await target.readTrust()), ...(await trust.read())],
    writeTrust: async (bundle) => {
      await trust.write(bundle);
      await target.writeTrust(bundle);
    },
    canary: async (served) => (await target.canary(served)) ?? findCanaryFault(cluster, CANARY_NAMESPACE),
  };
}

interface Bundle {
  readonly configuration: ObjectReference;
  readonly found: RotatedBundle;
}

async function findBundles(cluster: KubernetesClient, gate: GateCertificates): Promise<readonly Bundle[]> {
  const bundles: Bundle[] = [];
  const findIn = await openBundleFinder(gate);
  for (const kind of CONFIGURATIONS) {
    const collection = { apiVersion: 'admissionregistration.k8s.io/v1', kind };
    for await (const configuration of cluster.list(collection)) {
      const reference = { apiVersion: configuration.apiVersion, kind, name: configuration.metadata.name };
      bundles.push(...findIn(configuration).map((found) => ({ configuration: reference, found })));
    }
  }
  return bundles;
}

interface ClusterTargetOptions {
  readonly cluster: KubernetesClient;
  /** Namespace of the gate. */
  readonly namespace: string;
  /** Namespace of the canary; the gate must review it. @default default */
  readonly canaryNamespace?: string;
}

/** The certificates of a gate in the cluster: two Secrets, and the trust of the API server. */
export function clusterTarget({
  cluster,
  namespace,
  canaryNamespace = CANARY_NAMESPACE,
}: ClusterTargetOptions): RotationTarget {
  const tls = secret(cluster, TLS_SECRET, namespace);
  const authority = secret(cluster, AUTHORITY_SECRET, namespace);
  const gate: GateCertificates = {
    readTrust: async () => {
      const own = (await tls.read())?.['ca.crt'];
      return own === undefined ? [] : [own];
    },
    readServing: async (): Promise<FoundPair> => {
      const data = await tls.read();
      return { certificate: data?.['tls.crt'], key: data?.['tls.key'] };
    },
  };
  const trust = webhookTrust(cluster, gate);
  return {
    ...gate,
    readTrust: async () => {
      const bundles = [...(await gate.readTrust()), ...(await trust.read())];
      if (bundles.length > 0) return bundles;
      throw new CertificateError(
        'AUTHORITY_INCOMPLETE',
        `no webhook of the gate and no Secret ${namespace}/${TLS_SECRET} holds a trusted CA`,
      );
    },
    // The webhooks are changed before the Secret, because the gate may verify its clients with the same bundle.
    writeTrust: async (bundle) => {
      await trust.write(bundle);
      if ((await tls.read()) !== undefined) await tls.write({ 'ca.crt': bundle });
    },
    readAuthority: async () => pairOf(await authority.read()),
    writeAuthority: async (pair) => {
      if (pair === undefined) await authority.remove();
      else await authority.write({ 'tls.crt': pair.certificate, 'tls.key': pair.key });
    },
    writeServing: ({ certificate, key }) => tls.write({ 'tls.crt': certificate, 'tls.key': key }),
    // The client pair is on the control-plane nodes.
    readClient: async () => ({}),
    writeClient: async () => undefined,
    canary: async (served) =>
      (await findCanaryFault(cluster, canaryNamespace)) ?? findServedFault(cluster, namespace, served),
  };
}

function pairOf(data: Readonly<Record<string, string>> | undefined): KeyPair | undefined {
  const { 'tls.crt': certificate, 'tls.key': key } = data ?? {};
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/**
 * Checks that the CA of a gate in the cluster can be rotated. If the gate requires client certificates of the same
 * CA, it would refuse the API server after the rotation. This program cannot replace the client pairs on the nodes
 * through the API.
 *
 * @throws {CertificateError} ROTATION_IMPOSSIBLE @throws {KubernetesError}
 */
export async function requireRotatable(cluster: KubernetesClient, namespace: string): Promise<void> {
  const deployment = await cluster.get({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: GATE_NAME,
    namespace,
  });
  if (!/--client-ca=\S*\/tls\/ca\.crt/.test(JSON.stringify(deployment ?? {}))) return;
  throw new CertificateError(
    'ROTATION_IMPOSSIBLE',
    'the CA of the gate also signed the client certificates on the control-plane nodes, and this command cannot replace them: first give the clients their own CA (bootstrap webhook --client-ca FILE), or rotate only the certificate',
  );
}

/**
 * The reason why the API server does not reach the gate. `undefined` if it reaches the gate, or if a canary cannot
 * show it because the stage is `audit`.
 *
 * @throws {KubernetesError} CLUSTER_UNREACHABLE
 */
async function findCanaryFault(cluster: KubernetesClient, namespace: string): Promise<string | undefined> {
  const configuration = await cluster.get({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    name: GATE_NAME,
  });
  const wiring = readWiring(configuration);
  if (wiring === undefined || wiring.stage === 'audit') return undefined;
  const verdict = await sendWebhookCanary(cluster, namespace);
  switch (verdict.outcome) {
    case 'refused':
    case 'warned':
      return undefined;
    case 'admitted':
      return 'the API server admitted a pod that the gate refuses, so it did not reach the gate';
    case 'unanswered':
    case 'stopped':
      return verdict.message;
  }
}

/**
 * Reports a pod of the gate that still serves another certificate. Pods whose metrics are not reachable are skipped.
 */
async function findServedFault(
  cluster: KubernetesClient,
  namespace: string,
  served: X509Certificate | undefined,
): Promise<string | undefined> {
  if (served === undefined) return undefined;
  const labelSelector = Object.entries(SELECTOR_LABELS)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
  for await (const { metadata } of cluster.list(
    { apiVersion: 'v1', kind: 'Pod', namespace },
    { labelSelector },
  )) {
    const path = `/api/v1/namespaces/${namespace}/pods/http:${metadata.name}:${HEALTH_PORT}/proxy/metrics`;
    const { document } = await cluster.send({ method: 'GET', path });
    const end = /^kube_image_bouncer_certificate_expiry_timestamp_seconds (\S+)$/m.exec(
      String(document),
    )?.[1];
    // The metrics of a new pod, for example, are not reachable. The delay of the rotation covers it.
    if (end !== undefined && Number(end) !== served.validToDate.getTime() / 1000)
      return `pod ${metadata.name} still serves another certificate`;
  }
  return undefined;
}

interface SecretTexts {
  readonly read: () => Promise<Readonly<Record<string, string>> | undefined>;
  readonly write: (texts: Readonly<Record<string, string>>) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** The texts of a Secret. A write changes all given keys in one request, and no other keys. */
function secret(cluster: KubernetesClient, name: string, namespace: string): SecretTexts {
  const reference = { apiVersion: 'v1', kind: 'Secret', name, namespace } as const;
  return {
    read: async () => {
      const data = (await cluster.get(reference))?.['data'];
      if (!isObject(data)) return undefined;
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fromBase64(String(value))]));
    },
    write: async (texts) => {
      const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, toBase64(text)]));
      if ((await cluster.get(reference)) === undefined) {
        const { apiVersion, kind } = reference;
        await cluster.create({
          apiVersion,
          kind,
          metadata: { name, namespace, labels: LABELS },
          type: 'kubernetes.io/tls',
          data,
        });
        return;
      }
      const operations = Object.entries(data).map(([key, value]) => ({
        op: 'add',
        path: `/data/${key}`,
        value,
      }));
      await cluster.patch(reference, operations);
    },
    remove: async () => {
      await cluster.delete(reference);
    },
  };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString();
}
