import { isIP } from 'node:net';
import type { ApiServerManifest } from '../control-plane/api-server-manifest.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { sendRequest } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { imagePolicyPath } from '../wiring/paths.ts';
import { CANARY_IMAGE } from '../wiring/canary.ts';
import { isObject } from '../document/json.ts';

/** How an action waits. */
export interface Waiting {
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number;
  /** Called with the time that was spent waiting, in milliseconds. */
  readonly waited: (ms: number) => void;
  readonly timeoutMs: number;
}

const POLL_MS = 100;

/** Ready answers in a row that count as ready, because an API server may crash again after its start. */
const STEADY_ANSWERS = 5;

/** The address of the API server of this node, by its manifest. */
export function addressOfApiServer(manifest: ApiServerManifest): URL {
  const bound = manifest.flag('bind-address')?.value;
  const host = bound === undefined || bound === '0.0.0.0' || bound === '::' ? '127.0.0.1' : bound;
  const port = manifest.flag('secure-port')?.value ?? '6443';
  return new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
}

/**
 * Whether the API server is ready. Like the kubelet, this probe does not verify the certificate: it sends nothing secret,
 * and learns only whether a server answers.
 */
export async function isApiServerReady(server: URL): Promise<boolean> {
  const authenticate = async () => ({ rejectUnauthorized: false });
  try {
    const { status } = await sendRequest({ server, authenticate }, { method: 'GET', path: '/readyz' });
    // A server that refuses anonymous requests is ready as well.
    return status === 200 || status === 401 || status === 403;
  } catch (error) {
    if (error instanceof KubernetesError) return false;
    throw error;
  }
}

/** Waits until the API server has stopped and is ready again. `isGone`: it is stopped already. */
export async function awaitRestart(
  isReady: () => Promise<boolean>,
  { isGone }: { readonly isGone: boolean },
  waiting: Waiting,
): Promise<boolean> {
  let hasGone = isGone;
  let steady = 0;
  return poll(waiting, async () => {
    const ready = await isReady();
    hasGone ||= !ready;
    steady = ready && hasGone ? steady + 1 : 0;
    return steady >= STEADY_ANSWERS;
  });
}

/** Repeats a check until it is true, or until the time is over. */
export async function poll(
  { sleep, elapsed, waited, timeoutMs }: Waiting,
  isTrue: () => Promise<boolean>,
): Promise<boolean> {
  const start = elapsed();
  try {
    while (!(await isTrue())) {
      if (elapsed() - start >= timeoutMs) return false;
      await sleep(POLL_MS);
    }
    return true;
  } finally {
    waited(elapsed() - start);
  }
}

/** The result of calling a gate like the API server does. */
type GateAnswer = { readonly outcome: 'answers' } | { readonly outcome: 'silent'; readonly why: string };

/**
 * Sends the canary to the gate with the API server's own certificate and trust. An answer proves the address, the chain,
 * the names and both keys.
 */
export async function askGate(
  server: URL,
  { trust, client }: Pick<NodeCertificates, 'trust' | 'client'>,
): Promise<GateAnswer> {
  const authenticate = async () => ({ ca: trust, cert: client.certificate, key: client.key });
  const review = {
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    kind: 'ImageReview',
    spec: { containers: [{ image: CANARY_IMAGE }], namespace: 'default' },
  };
  try {
    const { status, document } = await sendRequest(
      { server, authenticate },
      { method: 'POST', path: imagePolicyPath('deny'), body: review },
    );
    const verdict =
      isObject(document) && isObject(document['status']) ? document['status']['allowed'] : undefined;
    if (verdict === false) return { outcome: 'answers' };
    const said =
      verdict === true ? 'it admits an image that is not valid' : `HTTP status ${status}, and no verdict`;
    return { outcome: 'silent', why: said };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const { message } = error.cause instanceof Error ? error.cause : error;
    return { outcome: 'silent', why: `${server.host}: ${message}` };
  }
}
