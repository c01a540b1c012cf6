import { isIP } from 'node:net';
import type { ApiServerManifest } from '../control-plane/api-server-manifest.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { sendRequest } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { imagePolicyPath } from '../wiring/paths.ts';
import { CANARY_IMAGE } from '../wiring/canary.ts';
import { isObject } from '../document/json.ts';
import { interruptible } from './interruption.ts';

/** The clock of an action, and how long the action waits. */
export interface Waiting {
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number;
  /** Called with the time that was spent waiting, in milliseconds. */
  readonly waited: (ms: number) => void;
  readonly timeoutMs: number;
  /** Ends the waiting: its reason is thrown. @default none */
  readonly interruption?: AbortSignal | undefined;
}

const POLL_MS = 100;

/**
 * The API server counts as ready after this many ready answers in a row, because it may crash again after its start.
 */
const STEADY_ANSWERS = 5;

/** The address of the API server of this node, from its manifest. @default `https://127.0.0.1:6443` */
export function addressOfApiServer(manifest: ApiServerManifest): URL {
  const bound = manifest.flag('bind-address')?.value;
  const host = bound === undefined || bound === '0.0.0.0' || bound === '::' ? '127.0.0.1' : bound;
  const port = manifest.flag('secure-port')?.value ?? '6443';
  return new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
}

/**
 * Whether the API server is ready. Like the probe of the kubelet, it does not verify the certificate. It sends no
 * secret, and it uses only the HTTP status of the answer.
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

/**
 * Waits until the API server has stopped and is ready again. `isStopped`: it has stopped before the call. Returns
 * false after `timeoutMs`.
 */
export async function awaitRestart(
  isReady: () => Promise<boolean>,
  { isStopped }: { readonly isStopped: boolean },
  waiting: Waiting,
): Promise<boolean> {
  let hasStopped = isStopped;
  let steady = 0;
  return poll(waiting, async () => {
    const ready = await isReady();
    hasStopped ||= !ready;
    steady = ready && hasStopped ? steady + 1 : 0;
    return steady >= STEADY_ANSWERS;
  });
}

/**
 * Repeats a check every 100 ms until it is true, or until `timeoutMs` is over. Returns the last result.
 * @throws the reason of an interruption
 */
export async function poll(
  { sleep, elapsed, waited, timeoutMs, interruption }: Waiting,
  isTrue: () => Promise<boolean>,
): Promise<boolean> {
  const start = elapsed();
  try {
    while (!(await isTrue())) {
      if (elapsed() - start >= timeoutMs) return false;
      await interruptible(sleep, interruption)(POLL_MS);
    }
    return true;
  } finally {
    waited(elapsed() - start);
  }
}

/** The result of a call to the gate. */
type GateAnswer = { readonly outcome: 'answers' } | { readonly outcome: 'unanswered'; readonly why: string };

/**
 * Sends the canary to the gate with the API server's own certificate and trust. An answer proves the address, the chain,
 * the names and both keys.
 */
export async function probeGate(
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
    const why =
      verdict === true ? 'it admits an image that is not valid' : `HTTP status ${status} without a verdict`;
    return { outcome: 'unanswered', why };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const { message } = error.cause instanceof Error ? error.cause : error;
    return { outcome: 'unanswered', why: `${server.host}: ${message}` };
  }
}
