import { randomUUID } from 'node:crypto';
import { isObject } from '../document/json.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { pathOf } from '../kubernetes/resources.ts';
import { WEBHOOK_DOMAIN } from './names.ts';
import { readRefusal, type Refusal, type Refuser } from './refusal.ts';

/** No registry has an image of this name. Every policy refuses it, and Kubernetes itself accepts it. */
export const CANARY_IMAGE = 'kube-image-bouncer.invalid/CANARY';

/** The kinds of objects that can be sent as a canary. */
type CanaryKind = 'Pod' | 'Deployment' | 'PodTemplate';

interface CanaryOptions {
  /** @default Pod */
  readonly kind?: CanaryKind;
  readonly namespace: string;
  /** @default {@link CANARY_IMAGE} */
  readonly image?: string;
  /** Names of further webhooks that call the gate. Webhooks in our domain always count as the gate. */
  readonly webhooks?: ReadonlySet<string>;
  /** Cancels the request. */
  readonly signal?: AbortSignal;
}

/** The result of a canary. */
export type CanaryResult =
  /** The API server called the gate, and the gate refused the object. */
  | { readonly outcome: 'refused'; readonly by: Refuser; readonly message: string }
  | { readonly outcome: 'admitted'; readonly warnings: readonly string[] }
  /** The API server has to call the gate, but it got no usable answer. */
  | { readonly outcome: 'unreachable'; readonly by: Refuser; readonly message: string }
  /** Something other than the gate refused the object, so the canary shows nothing. */
  | { readonly outcome: 'undecided'; readonly message: string }
  /** The caller may not create such an object, not even in a dry run. */
  | { readonly outcome: 'forbidden'; readonly message: string };

/** The result of a canary as a roll-out needs it. */
export type CanaryVerdict =
  | { readonly outcome: 'refused' | 'warned' | 'admitted' }
  /** `unanswered`: the gate did not answer. `stopped`: something other than the gate refused the object. */
  | { readonly outcome: 'unanswered' | 'stopped'; readonly message: string };

/** An object that is created in a dry run. */
interface TrialObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string | undefined };
}

const API_VERSIONS = { Pod: 'v1', Deployment: 'apps/v1', PodTemplate: 'v1' } as const;

/**
 * Creates a canary in a server-side dry run. It passes admission and is not stored.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE if the API server does not answer.
 */
export async function sendCanary(
  client: Pick<KubernetesClient, 'send'>,
  options: CanaryOptions,
): Promise<CanaryResult> {
  const { kind = 'Pod', namespace, image = CANARY_IMAGE, webhooks, signal } = options;
  const result = await createOnTrial(client, renderCanaryObject(kind, namespace, image), signal);
  switch (result.outcome) {
    case 'admitted':
    case 'forbidden':
      return result;
    case 'refused':
    case 'unreachable':
      return isGate(result.by, webhooks) ? result : { outcome: 'undecided', message: result.message };
    case 'no-dry-run':
    case 'other':
      return { outcome: 'undecided', message: result.message };
  }
}

function isGate({ plugin, name }: Refuser, webhooks: ReadonlySet<string> = new Set()): boolean {
  return plugin === 'image-policy' || name.endsWith(WEBHOOK_DOMAIN) || webhooks.has(name);
}

/**
 * Sends the canary as a pod. If something other than the gate refuses the pod, sends it as a pod template:
 * `ImagePolicyWebhook` and quotas run before webhooks, and do not look at templates.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE
 */
export async function sendWebhookCanary(
  client: Pick<KubernetesClient, 'send'>,
  namespace: string,
): Promise<CanaryVerdict> {
  const pod = verdictOf(await sendCanary(client, { namespace }));
  const isByWebhook = pod.outcome !== 'stopped';
  if (isByWebhook) return pod;
  const template = verdictOf(await sendCanary(client, { namespace, kind: 'PodTemplate' }));
  // An admitted template proves nothing, because the policy may match only pods.
  return template.outcome === 'admitted' || template.outcome === 'stopped' ? pod : template;
}

function verdictOf(result: CanaryResult): CanaryVerdict {
  switch (result.outcome) {
    case 'admitted':
      return { outcome: hasWarning(result.warnings) ? 'warned' : 'admitted' };
    // This canary tests a webhook. An object that the plugin refuses never reaches a webhook.
    case 'refused':
      return result.by.plugin === 'webhook'
        ? { outcome: 'refused' }
        : { outcome: 'stopped', message: result.message };
    case 'unreachable':
      return {
        outcome: result.by.plugin === 'webhook' ? 'unanswered' : 'stopped',
        message: result.message,
      };
    case 'undecided':
    case 'forbidden':
      return { outcome: 'stopped', message: result.message };
  }
}

/** Whether one of the warnings is about the image of the canary. */
function hasWarning(warnings: readonly string[]): boolean {
  return warnings.some((warning) => warning.includes(CANARY_IMAGE));
}

/**
 * Creates an object in a server-side dry run.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE
 */
export async function createOnTrial(
  client: Pick<KubernetesClient, 'send'>,
  object: TrialObject,
  signal?: AbortSignal,
): Promise<{ readonly outcome: 'admitted'; readonly warnings: readonly string[] } | Refusal> {
  const { apiVersion, kind, metadata } = object;
  const path = pathOf({ apiVersion, kind, namespace: metadata.namespace });
  const query = { dryRun: 'All' };
  const { status, document, warnings } = await client.send({
    method: 'POST',
    path,
    query,
    body: object,
    signal,
  });
  const { message, reason } = isObject(document) ? document : { message: document };
  // The API server checks after admission whether the name exists.
  if ((status >= 200 && status < 300) || reason === 'AlreadyExists') return { outcome: 'admitted', warnings };
  return readRefusal(status, typeof message === 'string' ? message : '');
}

/**
 * The spec of a pod that nothing except a gate should refuse. It conforms to the `restricted` Pod Security Standard.
 * It has small requests and limits, because a quota may require both.
 */
export function renderPodSpec(image: string): object {
  const amounts = { cpu: '1m', memory: '1Mi' };
  return {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'canary',
        image,
        resources: { requests: amounts, limits: amounts },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };
}

/**
 * An annotation that prevents a cached verdict. `ImagePolicyWebhook` sends annotations with this suffix to the gate,
 * and it caches verdicts by the content of its request. A new value makes it call the gate again.
 */
export function uncachedAnnotation(): Readonly<Record<string, string>> {
  return { 'trial.kube-image-bouncer.image-policy.k8s.io/id': randomUUID() };
}

function renderCanaryObject(kind: CanaryKind, namespace: string, image: string): TrialObject {
  const labels = { 'app.kubernetes.io/name': 'kube-image-bouncer-canary' };
  const annotations = uncachedAnnotation();
  const metadata = { generateName: 'kube-image-bouncer-canary-', namespace, labels, annotations };
  const head = { apiVersion: API_VERSIONS[kind], kind, metadata };
  const spec = renderPodSpec(image);
  const template = { metadata: { labels }, spec };
  switch (kind) {
    case 'Pod':
      return { ...head, spec } as TrialObject;
    case 'PodTemplate':
      return { ...head, template } as TrialObject;
    case 'Deployment':
      return { ...head, spec: { replicas: 1, selector: { matchLabels: labels }, template } } as TrialObject;
  }
}
