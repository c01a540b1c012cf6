import type { KubernetesObject } from '../../kubernetes/object.ts';
import { isObject } from '../../document/json.ts';
import { GATE_NAME, TLS_SECRET } from '../../wiring/names.ts';
import type { SeenWebhook } from '../../wiring/webhook-configuration.ts';
import type { GateMaterial, ServiceMaterial } from './material.ts';
import type { ClusterReader } from './reader.ts';

/** Reads the objects of the gate; a gate outside the cluster has none. */
export async function gatherGate(
  reader: ClusterReader,
  namespace: string,
  webhooks: readonly SeenWebhook[],
): Promise<GateMaterial> {
  const wanted = new Map(
    webhooks.flatMap(({ target }) =>
      target.form === 'service' ? [[`${target.namespace}/${target.name}`, target] as const] : [],
    ),
  );
  const [services, deployment, budgets, networkPolicies, servingSecret] = await Promise.all([
    Promise.all([...wanted].map(([key, target]) => gatherService(reader, key, target))),
    reader.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: GATE_NAME, namespace }),
    reader.list({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace }),
    reader.list({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace }),
    reader.get({ apiVersion: 'v1', kind: 'Secret', name: TLS_SECRET, namespace }),
  ]);
  return {
    namespace,
    services: new Map(services.filter((entry) => entry !== undefined)),
    deployment: typeof deployment === 'object' ? deployment : undefined,
    budgets: budgets ?? [],
    networkPolicies: networkPolicies ?? [],
    servingSecret,
  };
}

/** `undefined` if doctor may not read the Service or its endpoints. */
async function gatherService(
  reader: ClusterReader,
  key: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<readonly [string, ServiceMaterial | undefined] | undefined> {
  const [service, slices] = await Promise.all([
    reader.get({ apiVersion: 'v1', kind: 'Service', name, namespace }),
    reader.list(
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
      { labelSelector: `kubernetes.io/service-name=${name}` },
    ),
  ]);
  if (service === 'unread' || slices === undefined) return undefined;
  return [key, service === 'none' ? undefined : { service, endpoints: slices.flatMap(readyAddresses) }];
}

/** An endpoint without the condition counts as ready. */
function readyAddresses(slice: KubernetesObject): readonly string[] {
  const endpoints = Array.isArray(slice['endpoints']) ? (slice['endpoints'] as unknown[]) : [];
  return endpoints.filter(isObject).flatMap(({ addresses, conditions }) => {
    const ready = !isObject(conditions) || conditions['ready'] !== false;
    return ready && Array.isArray(addresses) ? (addresses as string[]) : [];
  });
}
