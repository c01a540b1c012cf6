import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { pathOf } from '../kubernetes/resources.ts';
import { isObject } from '../document/json.ts';
import { WEBHOOKS } from '../wiring/names.ts';

/** No image is called so: every policy refuses it, and Kubernetes itself lets it pass. */
export const CANARY_IMAGE = 'kube-image-bouncer.invalid/CANARY';

/** What became of the canary, which is sent as a dry run and never stored. */
export type CanaryVerdict =
  /** The gate refused it: it enforces. */
  | { readonly outcome: 'refused' }
  /** The gate let it pass and said what is wrong with it. */
  | { readonly outcome: 'warned' }
  /** Nobody objected aloud. */
  | { readonly outcome: 'admitted' }
  /** The API server asked the gate, got no answer, and refused for that reason. */
  | { readonly outcome: 'unanswered'; readonly message: string }
  /** Something else refused it, so that nothing is known. */
  | { readonly outcome: 'stopped'; readonly message: string };

/** A pod that only the gate has something against: fit for the `restricted` standard and for quotas. */
export function renderCanary(namespace: string): KubernetesObject {
  const resources = { cpu: '1m', memory: '1Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-image-bouncer-canary', namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'canary',
          image: CANARY_IMAGE,
          resources: { requests: resources, limits: resources },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** The same pod as a template: `ImagePolicyWebhook` and quotas, which come before webhooks, look at pods alone. */
function renderTemplate({ metadata, spec }: KubernetesObject): KubernetesObject {
  return { apiVersion: 'v1', kind: 'PodTemplate', metadata, template: { spec } };
}

/**
 * Sends the canary through admission; where something else stops the pod before a webhook is asked, as a template.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE
 */
export async function sendCanary(cluster: KubernetesClient, namespace: string): Promise<CanaryVerdict> {
  const pod = renderCanary(namespace);
  const verdict = await sendObject(cluster, pod);
  if (verdict.outcome !== 'stopped') return verdict;
  const second = await sendObject(cluster, renderTemplate(pod));
  // An admitted template proves nothing: the policy may be about pods alone.
  return second.outcome === 'admitted' || second.outcome === 'stopped' ? verdict : second;
}

async function sendObject(cluster: KubernetesClient, object: KubernetesObject): Promise<CanaryVerdict> {
  const path = pathOf({ ...object, namespace: object.metadata.namespace ?? '' });
  const answer = await cluster.send({ method: 'POST', path, query: { dryRun: 'All' }, body: object });
  if (answer.status < 300) {
    const isTold = answer.warnings.some((warning) => warning.includes(CANARY_IMAGE));
    return { outcome: isTold ? 'warned' : 'admitted' };
  }
  const said = isObject(answer.document) ? answer.document['message'] : undefined;
  const message = typeof said === 'string' ? said : `HTTP status ${answer.status}`;
  const isOurs = Object.values(WEBHOOKS).some((name) => message.includes(`webhook "${name}"`));
  if (!isOurs) return { outcome: 'stopped', message };
  return message.includes('denied the request') ? { outcome: 'refused' } : { outcome: 'unanswered', message };
}
