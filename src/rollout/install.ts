import { isDeepStrictEqual } from 'node:util';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { type KubernetesObject, type ObjectReference, referenceOf } from '../kubernetes/object.ts';
import { isObject } from '../document/json.ts';
import { decodeWebhooks } from '../wiring/webhook-configuration.ts';
import { sendWebhookCanary, type CanaryVerdict } from '../wiring/canary.ts';
import {
  AUTHORITY_SECRET,
  CLIENT_AUTHORITY_CONFIG_MAP,
  GATE_NAME,
  LABELS,
  POLICY_CONFIG_MAP,
  TLS_SECRET,
} from '../wiring/names.ts';
import type { WiringRequest } from '../webhook/configuration.ts';
import { uncoveredNamespaces } from '../webhook/configuration.ts';
import type { ObjectChange } from './progress.ts';

/** An object, and how it was changed. */
interface AppliedObject {
  readonly reference: ObjectReference;
  readonly change: ObjectChange;
}

/** The clock for waiting, and the longest time to wait, in milliseconds. */
export interface WaitOptions {
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly timeoutMs: number;
}

/** Pause between two requests while waiting, in milliseconds. */
const INTERVAL_MS = 200;

/** The number of equal results in a row that count, because several API servers may share one address. */
const AGREEING_ANSWERS = 3;

/** Namespace of the canary: every cluster has it. */
export const CANARY_NAMESPACE = 'default';

/** The webhook configuration of the gate in the API. */
export const CONFIGURATION: ObjectReference = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: GATE_NAME,
};

/**
 * Applies an object exactly as it was rendered. Changes of other clients to rendered fields are overwritten. An
 * existing namespace without the gate's label is left alone, so that removing the gate never deletes it.
 * @throws {KubernetesError}
 */
export async function applyObject(
  cluster: KubernetesClient,
  object: KubernetesObject,
): Promise<AppliedObject> {
  const reference = referenceOf(object);
  const before = await cluster.get(reference);
  if (before !== undefined && object.kind === 'Namespace' && !isManaged(before))
    return { reference, change: 'left alone' };
  const after =
    object.kind === CONFIGURATION.kind && before !== undefined
      ? await takeOver(cluster, object, before)
      : await cluster.apply(object, { force: true });
  if (before === undefined) return { reference, change: 'created' };
  const isSame = before.metadata.resourceVersion === after.metadata.resourceVersion;
  return { reference, change: isSame ? 'unchanged' : 'changed' };
}

/**
 * Applies a webhook configuration that exists already, and removes every field that was not rendered. Server-side apply
 * keeps the fields of other managers, and a foreign selector or match condition would exclude requests from review.
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

/** `undefined` if the rendered fields and the existing ones contradict each other, such as a URL and a Service. */
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

/** Whether the webhooks are exactly the rendered ones. A `caBundle` that cert-manager fills in is not compared. */
function hasWebhooksOf(found: KubernetesObject, rendered: KubernetesObject): boolean {
  const [present, wanted] = [found['webhooks'], rendered['webhooks']];
  if (!Array.isArray(present) || !Array.isArray(wanted) || present.length !== wanted.length) return false;
  return wanted.every((webhook: unknown, index) => {
    const other: unknown = present[index];
    return isDeepStrictEqual(hasBundle(webhook) ? other : withoutTrust(other), webhook);
  });
}

function hasBundle(webhook: unknown): boolean {
  const client = isObject(webhook) ? webhook['clientConfig'] : undefined;
  return isObject(client) && client['caBundle'] !== undefined;
}

function withoutTrust(webhook: unknown): unknown {
  if (!isObject(webhook) || !isObject(webhook['clientConfig'])) return webhook;
  const { caBundle: _, ...clientConfig } = webhook['clientConfig'];
  return { ...webhook, clientConfig };
}

/**
 * Restores a webhook configuration and overwrites its present content.
 * @throws {KubernetesError}
 */
export async function restoreConfiguration(
  cluster: KubernetesClient,
  before: KubernetesObject,
): Promise<void> {
  const { resourceVersion } = (await cluster.get(referenceOf(before)))?.metadata ?? {};
  const metadata = { ...before.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
  await cluster.replace({ ...before, metadata });
}

/**
 * Webhook configurations that call the gate's Service, under any name. Without the gate they would refuse every request
 * that they match.
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

function callsService(configuration: KubernetesObject, namespace: string): boolean {
  return decodeWebhooks(configuration).some(
    ({ target }) => target.form === 'service' && target.name === GATE_NAME && target.namespace === namespace,
  );
}

/** Waits until a pod of the gate's Service is ready. Returns false if no pod is ready after `timeoutMs`. */
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

/**
 * The outcome that the canary must have if a wiring works. `undefined` if a canary cannot test this wiring: at stage
 * `audit`, or if namespace `default` is not covered.
 */
export function expectedOutcome(
  wiring: Pick<WiringRequest, 'stage' | 'address' | 'kubeSystem' | 'exemptNamespaces'>,
): 'refused' | 'warned' | undefined {
  if (wiring.stage === 'audit' || uncoveredNamespaces(wiring).includes(CANARY_NAMESPACE)) return undefined;
  return wiring.stage === 'deny' ? 'refused' : 'warned';
}

/**
 * Sends the canary until three results in a row are among `outcomes`, or until `timeoutMs` is over. Returns the last
 * verdict.
 */
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
 * Deletes the gate's objects in a namespace. Objects that others depend on are deleted last. The namespace itself is
 * deleted only if it has the gate's label. The caller deletes the webhook configuration first, and waits until the
 * API servers no longer follow it.
 * @throws {KubernetesError}
 */
export async function* deleteGateObjects(
  cluster: KubernetesClient,
  namespace: string,
): AsyncGenerator<AppliedObject> {
  for (const [apiVersion, kind, name] of OWN_OBJECTS) {
    const reference = { apiVersion, kind, name, namespace };
    if (await cluster.delete(reference)) yield { reference, change: 'deleted' };
  }
  const reference: ObjectReference = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
  const found = await cluster.get(reference);
  if (found === undefined || found.metadata['deletionTimestamp'] !== undefined) return;
  if (!isManaged(found)) {
    yield { reference, change: 'left alone' };
    return;
  }
  if (await cluster.delete(reference)) yield { reference, change: 'deleted' };
}

const OWN_OBJECTS = [
  ['apps/v1', 'Deployment', GATE_NAME],
  ['v1', 'Service', GATE_NAME],
  ['policy/v1', 'PodDisruptionBudget', GATE_NAME],
  ['networking.k8s.io/v1', 'NetworkPolicy', GATE_NAME],
  // Deleted before its Secret, because cert-manager would create the Secret again.
  ['cert-manager.io/v1', 'Certificate', GATE_NAME],
  ['v1', 'ConfigMap', POLICY_CONFIG_MAP],
  ['v1', 'ConfigMap', CLIENT_AUTHORITY_CONFIG_MAP],
  ['v1', 'Secret', TLS_SECRET],
  ['v1', 'Secret', AUTHORITY_SECRET],
  ['v1', 'ServiceAccount', GATE_NAME],
] as const;

function isManaged({ metadata }: KubernetesObject): boolean {
  const label = 'app.kubernetes.io/managed-by';
  return metadata.labels?.[label] === LABELS[label];
}

function isReady(endpoint: unknown): boolean {
  const conditions = isObject(endpoint) ? endpoint['conditions'] : undefined;
  // A missing condition counts as ready, as for kube-proxy.
  return isObject(conditions) ? conditions['ready'] !== false : true;
}

async function until(
  { sleep, timeoutMs }: WaitOptions,
  times: number,
  isTrue: () => Promise<boolean>,
): Promise<boolean> {
  let agreed = 0;
  for (let attempt = 0; attempt * INTERVAL_MS <= timeoutMs; attempt += 1) {
    if (attempt > 0) await sleep(INTERVAL_MS);
    agreed = (await isTrue()) ? agreed + 1 : 0;
    if (agreed >= times) return true;
  }
  return false;
}
