import type { KubernetesObject } from '../../kubernetes/object.ts';
import { isObject } from '../../workload/fields.ts';
import { GATE_NAME, TLS_SECRET } from '../../webhook/names.ts';
import type { SeenWebhook } from '../webhook/seen-webhook.ts';
import type { GateMaterial, ServiceMaterial } from './material.ts';
import type { ClusterReader } from './reader.ts';

/** Reads the gate's own objects; a gate outside the cluster has none. */
export async function gatherGate(
  reader: ClusterReader,
  namespace: string,
  webhooks: readonly SeenWebhook[],
): Promise<GateMaterial> {
  const wanted = new Set(
    webhooks.flatMap(({ target }) =>
      target.form === 'service' && target.namespace === namespace ? [target.name] : [],
    ),
  );
  const [owner, services, deployment, budgets, networkPolicies, servingSecret] = await Promise.all([
    reader.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace }),
    Promise.all([...wanted].map((name) => gatherService(reader, namespace, name))),
    reader.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: GATE_NAME, namespace }),
    reader.list({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace }),
    reader.list({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace }),
    reader.get({ apiVersion: 'v1', kind: 'Secret', name: TLS_SECRET, namespace }),
  ]);
  return {
    namespace,
    namespaceExists: owner === 'unread' ? undefined : owner !== 'none',
    services: new Map(services.filter((entry) => entry !== undefined)),
    deployment: typeof deployment === 'object' ? deployment : undefined,
    budgets: budgets ?? [],
    networkPolicies: networkPolicies ?? [],
    servingSecret,
  };
}

/** `undefined` for a Service that may not be read: of it nothing can be said. */
async function gatherService(
  reader: ClusterReader,
  namespace: string,
  name: string,
): Promise<readonly [string, ServiceMaterial | undefined] | undefined> {
  const [service, slices] = await Promise.all([
    reader.get({ apiVersion: 'v1', kind: 'Service', name, namespace }),
    reader.list(
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
      { labelSelector: `kubernetes.io/service-name=${name}` },
    ),
  ]);
  if (service === 'unread' || slices === undefined) return undefined;
  return [name, service === 'none' ? undefined : { service, endpoints: slices.flatMap(readyAddresses) }];
}

/** A condition that is not given counts as ready. */
function readyAddresses(slice: KubernetesObject): readonly string[] {
  const endpoints = Array.isArray(slice['endpoints']) ? (slice['endpoints'] as unknown[]) : [];
  return endpoints.filter(isObject).flatMap(({ addresses, conditions }) => {
    const ready = !isObject(conditions) || conditions['ready'] !== false;
    return ready && Array.isArray(addresses) ? (addresses as string[]) : [];
  });
}
