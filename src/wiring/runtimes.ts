import { isObject, valueAt } from '../document/json.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

/** The nodes whose container runtime is CRI-O, as `name (cri-o://1.34.0)`. */
export function crioNodesOf(nodes: readonly KubernetesObject[]): readonly string[] {
  return nodes.flatMap(({ metadata, status }) => {
    const runtime = isObject(status) ? valueAt(status, ['nodeInfo', 'containerRuntimeVersion']) : undefined;
    return typeof runtime === 'string' && runtime.startsWith('cri-o://')
      ? [`${metadata.name} (${runtime})`]
      : [];
  });
}

/**
 * The nodes of a cluster whose container runtime is CRI-O; none if the client may not list nodes.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE
 */
export async function findCrioNodes(client: KubernetesClient): Promise<readonly string[]> {
  const nodes: KubernetesObject[] = [];
  try {
    for await (const node of client.list({ apiVersion: 'v1', kind: 'Node' })) nodes.push(node);
  } catch (error) {
    if (error instanceof KubernetesError && error.code !== 'CLUSTER_UNREACHABLE') return [];
    throw error;
  }
  return crioNodesOf(nodes);
}
