import { isDeepStrictEqual } from 'node:util';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { type KubernetesObject, type ObjectReference, referenceOf } from '../kubernetes/object.ts';
import { isObject } from '../document/json.ts';
import { sendWebhookCanary, type CanaryVerdict } from '../wiring/canary.ts';
import {
  AUTHORITY_SECRET,
  CLIENT_AUTHORITY_CONFIG_MAP,
  GATE_NAME,
  LABELS,
  POLICY_CONFIG_MAP,
  TLS_SECRET,
} from '../wiring/names.ts';

/** What became of an object. */
export interface Change {
  readonly reference: ObjectReference;
  readonly what: 'created' | 'changed' | 'unchanged' | 'deleted' | 'left alone';
}

export interface WaitOptions {
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly timeoutMs: number;
}

/** How often a cluster is asked while we wait for it. */
const INTERVAL_MS = 200;

/** A cluster may have several API servers behind one address: so many in a row have to agree. */
const AGREEING_ANSWERS = 3;

export const CONFIGURATION: ObjectReference = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: GATE_NAME,
};

/**
 * Applies an object, as we made it: fields that somebody else changed meanwhile are set back. A namespace that is
 * there and not ours stays as it is, so that deleting what is ours never deletes it.
 * @throws {KubernetesError}
 */
export async function applyObject(cluster: KubernetesClient, object: KubernetesObject): Promise<Change> {
  const reference = referenceOf(object);
  const before = await cluster.get(reference);
  if (before !== undefined && object.kind === 'Namespace' && !isOurs(before))
    return { reference, what: 'left alone' };
  const after =
    object.kind === CONFIGURATION.kind && before !== undefined
      ? await takeOver(cluster, object, before)
      : await cluster.apply(object, { force: true });
  if (before === undefined) return { reference, what: 'created' };
  const isSame = before.metadata.resourceVersion === after.metadata.resourceVersion;
  return { reference, what: isSame ? 'unchanged' : 'changed' };
}

/**
 * Applies a webhook configuration that is there already, and leaves nothing in it that is not ours: server-side apply
 * keeps what another manager put in, and a selector or a condition of a configuration made by hand would let out
 * whoever it lets out.
 */
async function takeOver(
  cluster: KubernetesClient,
  object: KubernetesObject,
  before: KubernetesObject,
): Promise<KubernetesObject> {
  const after = await applyUnlessInvalid(cluster, object);
  if (after !== undefined && hasWebhooksOf(after, object)) return after;
  const { resourceVersion } = (after ?? before).metadata;
  const metadata = { ...object.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
  await cluster.replace({ ...object, metadata });
  return cluster.apply(object, { force: true });
}

/** `undefined` when ours and what is there contradict each other, as a URL does a Service. */
async function applyUnlessInvalid(
  cluster: KubernetesClient,
  object: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  try {
    return await cluster.apply(object, { force: true });
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'Invalid') return undefined;
    throw error;
  }
}

/** Whether the webhooks are those that were rendered, every field of them, but for a trust that somebody else fills in. */
function hasWebhooksOf(found: KubernetesObject, rendered: KubernetesObject): boolean {
  const [theirs, ours] = [found['webhooks'], rendered['webhooks']];
  if (!Array.isArray(theirs) || !Array.isArray(ours) || theirs.length !== ours.length) return false;
  return ours.every((webhook: unknown, index) => {
    const there: unknown = theirs[index];
    return isDeepStrictEqual(trustsItself(webhook) ? there : withoutTrust(there), webhook);
  });
}

function trustsItself(webhook: unknown): boolean {
  const client = isObject(webhook) ? webhook['clientConfig'] : undefined;
  return isObject(client) && client['caBundle'] !== undefined;
}

function withoutTrust(webhook: unknown): unknown {
  if (!isObject(webhook) || !isObject(webhook['clientConfig'])) return webhook;
  const { caBundle: _, ...clientConfig } = webhook['clientConfig'];
  return { ...webhook, clientConfig };
}

/**
 * Puts a configuration back as it was, whatever is there by now.
 * @throws {KubernetesError}
 */
export async function putBack(cluster: KubernetesClient, before: KubernetesObject): Promise<void> {
  const { resourceVersion } = (await cluster.get(referenceOf(before)))?.metadata ?? {};
  const metadata = { ...before.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
  await cluster.replace({ ...before, metadata });
}

/**
 * Webhook configurations that still lead to the gate's Service, whatever their webhooks are called: without the gate
 * they would refuse what they ask about.
 * @throws {KubernetesError}
 */
export async function findCallers(
  cluster: KubernetesClient,
  namespace: string,
): Promise<readonly ObjectReference[]> {
  const callers: ObjectReference[] = [];
  for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']) {
    const collection = { apiVersion: CONFIGURATION.apiVersion, kind };
    for await (const configuration of cluster.list(collection))
      if (callsService(configuration, namespace)) callers.push(referenceOf(configuration));
  }
  return callers;
}

function callsService({ webhooks }: KubernetesObject, namespace: string): boolean {
  if (!Array.isArray(webhooks)) return false;
  return webhooks.some((webhook: unknown) => {
    const client = isObject(webhook) ? webhook['clientConfig'] : undefined;
    const service = isObject(client) ? client['service'] : undefined;
    return isObject(service) && service['name'] === GATE_NAME && service['namespace'] === namespace;
  });
}

/** Waits until some pod of the gate's Service is ready; whether it came to that in time. */
export async function untilEndpoints(
  cluster: KubernetesClient,
  namespace: string,
  wait: WaitOptions,
): Promise<boolean> {
  return until(wait, 1, async () => {
    const slices = cluster.list(
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
      { labelSelector: `kubernetes.io/service-name=${GATE_NAME}` },
    );
    for await (const { endpoints } of slices)
      if (Array.isArray(endpoints) && endpoints.some(isReady)) return true;
    return false;
  });
}

/** Waits until the canary meets one of the outcomes; the last verdict, and whether it came to that in time. */
export async function untilCanary(
  cluster: KubernetesClient,
  namespace: string,
  outcomes: readonly CanaryVerdict['outcome'][],
  wait: WaitOptions,
): Promise<{ readonly verdict: CanaryVerdict; readonly isMet: boolean }> {
  let verdict: CanaryVerdict = { outcome: 'admitted' };
  const isMet = await until(wait, AGREEING_ANSWERS, async () => {
    verdict = await sendWebhookCanary(cluster, namespace);
    return outcomes.includes(verdict.outcome);
  });
  return { verdict, isMet };
}

/**
 * Deletes what is ours in a namespace, what others depend on last, and the namespace if we made it. The webhook
 * configuration is not among it: it has to be gone, and forgotten by the API server, before.
 * @throws {KubernetesError}
 */
export async function* deleteGateObjects(
  cluster: KubernetesClient,
  namespace: string,
): AsyncGenerator<Change> {
  for (const [apiVersion, kind, name] of OWN_OBJECTS) {
    const reference = { apiVersion, kind, name, namespace };
    if (await cluster.delete(reference)) yield { reference, what: 'deleted' };
  }
  const reference: ObjectReference = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
  const found = await cluster.get(reference);
  if (found === undefined || found.metadata['deletionTimestamp'] !== undefined) return;
  if (!isOurs(found)) {
    yield { reference, what: 'left alone' };
    return;
  }
  if (await cluster.delete(reference)) yield { reference, what: 'deleted' };
}

const OWN_OBJECTS = [
  ['apps/v1', 'Deployment', GATE_NAME],
  ['v1', 'Service', GATE_NAME],
  ['policy/v1', 'PodDisruptionBudget', GATE_NAME],
  ['networking.k8s.io/v1', 'NetworkPolicy', GATE_NAME],
  // Before its Secret, which cert-manager would make anew.
  ['cert-manager.io/v1', 'Certificate', GATE_NAME],
  ['v1', 'ConfigMap', POLICY_CONFIG_MAP],
  ['v1', 'ConfigMap', CLIENT_AUTHORITY_CONFIG_MAP],
  ['v1', 'Secret', TLS_SECRET],
  ['v1', 'Secret', AUTHORITY_SECRET],
  ['v1', 'ServiceAccount', GATE_NAME],
] as const;

function isOurs({ metadata }: KubernetesObject): boolean {
  const label = 'app.kubernetes.io/managed-by';
  return metadata.labels?.[label] === LABELS[label];
}

function isReady(endpoint: unknown): boolean {
  const conditions = isObject(endpoint) ? endpoint['conditions'] : undefined;
  // What is not said counts as ready, as for kube-proxy.
  return isObject(conditions) ? conditions['ready'] !== false : true;
}

async function until(
  { sleep, timeoutMs }: WaitOptions,
  times: number,
  holds: () => Promise<boolean>,
): Promise<boolean> {
  let agreed = 0;
  for (let attempt = 0; attempt * INTERVAL_MS <= timeoutMs; attempt += 1) {
    if (attempt > 0) await sleep(INTERVAL_MS);
    agreed = (await holds()) ? agreed + 1 : 0;
    if (agreed >= times) return true;
  }
  return false;
}
