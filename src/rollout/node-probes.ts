import { isIP } from 'node:net';
import type { ApiServerManifest } from '../control-plane/api-server-manifest.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { sendRequest } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { imagePolicyPath } from '../wiring/paths.ts';
import { CANARY_IMAGE } from '../wiring/canary.ts';
import { isObject } from '../document/json.ts';

/** How to wait; a test hands in its own. */
export interface Waiting {
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Milliseconds of a clock that only goes forward. */
  readonly elapsed: () => number;
  /** Told how long was waited for others. */
  readonly waited: (ms: number) => void;
  readonly timeoutMs: number;
}

const POLL_MS = 100;

/** An API server that falls over again is not back: it answers this often in a row. */
const STEADY_ANSWERS = 5;

/** Where the API server of this node answers, by its own manifest. */
export function addressOfApiServer(manifest: ApiServerManifest): URL {
  const bound = manifest.flag('bind-address')?.value;
  const host = bound === undefined || bound === '0.0.0.0' || bound === '::' ? '127.0.0.1' : bound;
  const port = manifest.flag('secure-port')?.value ?? '6443';
  return new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
}

/**
 * Whether the API server says that it is ready. As the kubelet does, it is asked without looking at its certificate:
 * nothing is told to it, and nothing it says is believed but that it is there.
 */
export async function isApiServerReady(server: URL): Promise<boolean> {
  const authenticate = async () => ({ rejectUnauthorized: false });
  try {
    const { status } = await sendRequest({ server, authenticate }, { method: 'GET', path: '/readyz' });
    // Where strangers are not let in, it is up all the same.
    return status === 200 || status === 401 || status === 403;
  } catch (error) {
    if (error instanceof KubernetesError) return false;
    throw error;
  }
}

/** Waits until the API server has gone and come back; `isGone` says that it has gone already. */
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

/** Asks again and again until it is so, or the time is over. */
export async function poll(
  { sleep, elapsed, waited, timeoutMs }: Waiting,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  const start = elapsed();
  try {
    while (!(await isSo())) {
      if (elapsed() - start >= timeoutMs) return false;
      await sleep(POLL_MS);
    }
    return true;
  } finally {
    waited(elapsed() - start);
  }
}

/** What came of asking a gate as the API server will. */
export type GateAnswer =
  | { readonly outcome: 'answers' }
  | { readonly outcome: 'silent'; readonly why: string };

/**
 * Asks the gate about the canary with the API server's own certificate and trust: that it answers proves address,
 * chain, names and both keys at once.
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
      verdict === true ? 'it admits an image that is none' : `HTTP status ${status}, and no verdict`;
    return { outcome: 'silent', why: said };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const { message } = error.cause instanceof Error ? error.cause : error;
    return { outcome: 'silent', why: `${server.host}: ${message}` };
  }
}
