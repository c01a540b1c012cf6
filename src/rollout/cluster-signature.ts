import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { isIssuedBy, parseCertificate, parseCertificates } from '../certificate/inspect.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, ObjectReference } from '../kubernetes/object.ts';
import { pathOf } from '../kubernetes/resources.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { isObject } from '../document/json.ts';
import type { RequestSignature } from './node-certificates.ts';
import { interruptible, saying, type WhileChanging } from './interruption.ts';
import { RolloutError, type OnProgress } from './progress.ts';

interface SignaturePorts {
  readonly cluster: KubernetesClient;
  readonly onProgress: OnProgress;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly timeoutMs: number;
  readonly whileChanging: WhileChanging;
}

const API_VERSION = 'certificates.k8s.io/v1';
const KIND = 'CertificateSigningRequest';
const POLL_MS = 250;

/** `kubernetes.io/kubelet-serving` signs only for nodes, which it recognizes by these two fields. */
const NODE = { organization: 'system:nodes', namePrefix: 'system:node:' };

/**
 * Gets a serving certificate from a signer of the cluster: submits a `CertificateSigningRequest`, approves it if
 * `isApproved` is true, waits for the certificate, and verifies it.
 *
 * @throws {KubernetesError} CLUSTER_REFUSED, CLUSTER_UNREACHABLE
 * @throws {RolloutError} NOT_SIGNED if the signer refuses or does not sign in time, SIGNER_UNKNOWN if the CA that
 * signed is not the expected one
 */
export function signatureFrom(ports: SignaturePorts): RequestSignature {
  return async (way, names) => {
    const { createSigningRequest } = await import('../certificate/signing-request.ts');
    const { request, key } = await createSigningRequest({
      commonName: `${NODE.namePrefix}kube-image-bouncer`,
      organizations: [NODE.organization],
      dnsNames: names.filter((name) => isIP(name) === 0),
      ipAddresses: names.filter((name) => isIP(name) !== 0),
    });
    const trust = way.trust ?? (await clusterAuthority(ports.cluster));
    const submitted = await ports.cluster.create(renderRequest(way.signer, request));
    const { name } = submitted.metadata;
    if (way.isApproved) await approve(ports.cluster, submitted);
    else ports.onProgress({ what: 'waiting-for-approval', request: name });
    const certificate = await ports
      .whileChanging((interruption) =>
        awaitCertificate(name, way.signer, { ...ports, sleep: interruptible(ports.sleep, interruption) }),
      )
      .catch((error: unknown) => {
        throw saying(error, `no file was changed; the request remains: kubectl delete csr ${name}`);
      });
    const leaf = parseCertificate(certificate);
    if (!parseCertificates(trust).some((authority) => isIssuedBy(leaf, authority))) {
      throw new RolloutError(
        'SIGNER_UNKNOWN',
        `${way.signer} signed with another CA than ${way.trust === undefined ? "the cluster's" : 'the given one'}`,
      );
    }
    return { serving: { certificate, key }, trust };
  };
}

function renderRequest(signerName: string, request: string): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: `kube-image-bouncer-${randomBytes(4).toString('hex')}` },
    spec: {
      signerName,
      request: Buffer.from(request).toString('base64'),
      usages: usagesFor(signerName),
    },
  };
}

/** Before 1.27 the kubelet's signer requires `key encipherment`, a usage of RSA keys; later versions accept it. */
function usagesFor(signerName: string): readonly string[] {
  const usages = ['digital signature', 'server auth'];
  return signerName.startsWith('kubernetes.io/') ? [...usages, 'key encipherment'] : usages;
}

async function approve(cluster: KubernetesClient, submitted: KubernetesObject): Promise<void> {
  const reference = { apiVersion: API_VERSION, kind: KIND, name: submitted.metadata.name };
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'KubeImageBouncerBootstrap',
    message: 'approved by kube-image-bouncer bootstrap image-policy --approve',
  };
  const { status, document } = await cluster.send({
    method: 'PUT',
    path: `${pathOf(reference)}/approval`,
    body: { ...submitted, status: { conditions: [condition] } },
  });
  if (status < 300) return;
  const reason = isObject(document) && typeof document['message'] === 'string' ? document['message'] : '';
  throw new KubernetesError('CLUSTER_REFUSED', `${KIND} ${reference.name} cannot be approved: ${reason}`, {
    status,
  });
}

async function awaitCertificate(
  name: string,
  signer: string,
  { cluster, sleep, timeoutMs }: SignaturePorts,
): Promise<string> {
  const reference: ObjectReference = { apiVersion: API_VERSION, kind: KIND, name };
  for (let waited = 0; ; waited += POLL_MS) {
    const status = (await cluster.get(reference))?.['status'];
    const certificate = isObject(status) ? status['certificate'] : undefined;
    if (typeof certificate === 'string' && certificate !== '')
      return Buffer.from(certificate, 'base64').toString();
    const refusal = refusalOf(status);
    if (refusal !== undefined)
      throw new RolloutError('NOT_SIGNED', `${signer} did not sign ${name}: ${refusal}`);
    if (waited >= timeoutMs) {
      throw new RolloutError(
        'NOT_SIGNED',
        `${signer} did not sign ${name} within ${timeoutMs / 1000} s: approve the request, and check that a controller signs for ${signer}`,
      );
    }
    await sleep(POLL_MS);
  }
}

function refusalOf(status: unknown): string | undefined {
  const conditions: unknown = isObject(status) ? status['conditions'] : undefined;
  if (!Array.isArray(conditions)) return undefined;
  const refused: unknown = conditions.find(
    (one: unknown) => isObject(one) && (one['type'] === 'Denied' || one['type'] === 'Failed'),
  );
  if (!isObject(refused)) return undefined;
  const { type, message } = refused;
  return [type, message].filter((text) => typeof text === 'string').join(': ');
}

/** The CA of the cluster. With kubeadm and similar tools it also signs for nodes. */
async function clusterAuthority(cluster: KubernetesClient): Promise<string> {
  const published = await cluster.get({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'kube-system',
    name: 'kube-root-ca.crt',
  });
  const data = published?.['data'];
  const certificate = isObject(data) ? data['ca.crt'] : undefined;
  if (typeof certificate === 'string') return certificate;
  throw new RolloutError(
    'SIGNER_UNKNOWN',
    'the cluster does not publish its CA in ConfigMap kube-system/kube-root-ca.crt',
  );
}
