import type { KubernetesObject } from '../../kubernetes/object.ts';
import { itemsOf, parseFlags } from '../../control-plane/api-server-flags.ts';
import { IMAGE_POLICY_PLUGIN } from '../../control-plane/api-server-manifest.ts';
import { isObject } from '../../document/json.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';

/** Checks that all API servers have the plugin, by their mirror pods: a request may reach any of them. */
export function examineApiServers({ apiServers }: ClusterMaterial): readonly Finding[] {
  const lacking = apiServers.filter((pod) => !enablesImagePolicy(pod));
  if (lacking.length === 0 || lacking.length === apiServers.length) return [];
  return lacking.map(({ metadata }) =>
    finding(
      'API_SERVERS_DIFFER',
      `Pod kube-system/${metadata.name}`,
      `it runs without ${IMAGE_POLICY_PLUGIN}, which ${apiServers.length - lacking.length} of ${apiServers.length} API servers have`,
    ),
  );
}

/** Whether the flags of an API server enable the plugin. */
export function enablesImagePolicy({ spec }: KubernetesObject): boolean {
  const containers = isObject(spec) && Array.isArray(spec['containers']) ? spec['containers'] : [];
  const words = containers.filter(isObject).flatMap(({ command, args }) => [command, args].flat());
  return parseFlags(words, []).some(
    ({ name, value }) => name === 'enable-admission-plugins' && itemsOf(value).includes(IMAGE_POLICY_PLUGIN),
  );
}
