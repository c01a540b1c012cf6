import { randomUUID } from 'node:crypto';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { pathOf } from '../kubernetes/resources.ts';

/** What a trial object is made of. */
export interface CanaryOptions {
  readonly kind: 'Pod' | 'Deployment';
  readonly namespace: string;
  readonly image: string;
  /** Names of webhooks that are known to ask the gate, beside those that are called after us. */
  readonly webhooks?: ReadonlySet<string>;
  /** Ends the trial at once. */
  readonly signal?: AbortSignal;
}

/** Who refused: a webhook by name, or the `ImagePolicyWebhook` plugin. */
export interface Refuser {
  readonly plugin: 'webhook' | 'image-policy';
  readonly name: string;
}

/** What became of a trial object. */
export type CanaryResult =
  /** The gate was asked and said no. */
  | { readonly outcome: 'refused'; readonly by: Refuser; readonly message: string }
  | { readonly outcome: 'admitted'; readonly warnings: readonly string[] }
  /** The API server should ask the gate and cannot. */
  | { readonly outcome: 'unreachable'; readonly by: Refuser; readonly message: string }
  /** Somebody else said no before the gate was asked. */
  | { readonly outcome: 'undecided'; readonly message: string }
  /** We may not create such an object, not even for trial. */
  | { readonly outcome: 'forbidden'; readonly message: string };

const API_VERSIONS = { Pod: 'v1', Deployment: 'apps/v1' } as const;

/**
 * Creates an object in a server-side dry run, which passes admission like any other and is then forgotten.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE when the API server does not answer.
 */
export async function sendCanary(
  client: Pick<KubernetesClient, 'send'>,
  options: CanaryOptions,
): Promise<CanaryResult> {
  const { status, document, warnings } = await client.send({
    method: 'POST',
    path: pathOf({
      apiVersion: API_VERSIONS[options.kind],
      kind: options.kind,
      namespace: options.namespace,
    }),
    query: { dryRun: 'All' },
    body: renderCanary(options),
    signal: options.signal,
  });
  if (status >= 200 && status < 300) return { outcome: 'admitted', warnings };
  return parseRefusal(status, messageOf(document), options.webhooks);
}

function messageOf(document: unknown): string {
  if (typeof document === 'object' && document !== null && 'message' in document)
    return String(document.message);
  return typeof document === 'string' ? document : '';
}

const DENIED = /^admission webhook "([^"]+)" denied the request/;
const CALL_FAILED = /failed calling (?:admission )?webhook "([^"]+)"/;
const IMAGE_POLICY_DENIED =
  /is forbidden: (?:image policy webhook backend denied one or more images|one or more images rejected by webhook backend)/;
// `pods "x" is forbidden: Post "https://gate:1323/image_policy?timeout=30s": dial tcp …`, and the client's words for
// every status that is none of success (contract of the plugin: any failure is a refusal that names no plugin).
const IMAGE_POLICY_FAILED =
  /^pods "[^"]+" is forbidden: (?:Post "|the server |an error on the server|0-length response|no kind "|couldn't get version)/;
const MAY_NOT_CREATE = /^(?:pods|deployments\.apps) is forbidden: User /;

const IMAGE_POLICY: Refuser = { plugin: 'image-policy', name: 'ImagePolicyWebhook' };

/** Tells from the API server's words who refused. */
export function parseRefusal(
  status: number,
  message: string,
  webhooks: ReadonlySet<string> = new Set(),
): CanaryResult {
  const isOurs = (name: string): boolean => name.endsWith('.kube-image-bouncer.io') || webhooks.has(name);
  const denied = DENIED.exec(message)?.[1];
  if (denied !== undefined && isOurs(denied))
    return { outcome: 'refused', by: { plugin: 'webhook', name: denied }, message };
  if (IMAGE_POLICY_DENIED.test(message)) return { outcome: 'refused', by: IMAGE_POLICY, message };
  const failed = CALL_FAILED.exec(message)?.[1];
  if (failed !== undefined && isOurs(failed))
    return { outcome: 'unreachable', by: { plugin: 'webhook', name: failed }, message };
  if (IMAGE_POLICY_FAILED.test(message)) return { outcome: 'unreachable', by: IMAGE_POLICY, message };
  if (status === 401 || MAY_NOT_CREATE.test(message)) return { outcome: 'forbidden', message };
  return { outcome: 'undecided', message: message === '' ? `HTTP status ${status}` : message };
}

/** A pod that the strictest Pod Security Standard admits, so that nobody but the gate has a reason to refuse it. */
function renderCanary({ kind, namespace, image }: CanaryOptions): object {
  const labels = { 'app.kubernetes.io/name': 'kube-image-bouncer-canary' };
  const podSpec = {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'canary',
        image,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };
  const head = { apiVersion: API_VERSIONS[kind], kind };
  // ImagePolicyWebhook remembers verdicts by what it sends, and this it sends along: the gate itself shall answer.
  const annotations = { 'trial.kube-image-bouncer.image-policy.k8s.io/id': randomUUID() };
  const metadata = { generateName: 'kube-image-bouncer-canary-', namespace, labels, annotations };
  if (kind === 'Pod') return { ...head, metadata, spec: podSpec };
  return {
    ...head,
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec },
    },
  };
}
