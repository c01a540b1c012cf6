import type { Policy } from '../../policy/policy.ts';
import { isObject } from '../../document/json.ts';
import { POLICY_CONFIG_MAP, POLICY_KEY } from '../../wiring/names.ts';
import { holdPolicy, type PolicyMaterial } from '../policy.ts';
import type { ClusterReader } from './reader.ts';

/** Reads the policy of the cluster in the same way as a gate at its start. */
export async function gatherPolicy(
  reader: ClusterReader,
  namespace: string,
  meant: Policy | undefined,
): Promise<PolicyMaterial> {
  const configMap = await reader.get({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: POLICY_CONFIG_MAP,
    namespace,
  });
  if (typeof configMap === 'string') return { meant, held: configMap };
  const { data } = configMap;
  const text = isObject(data) ? data[POLICY_KEY] : undefined;
  const place = `ConfigMap ${namespace}/${POLICY_CONFIG_MAP}`;
  if (typeof text !== 'string') return { meant, held: { problem: `it has no key ${POLICY_KEY}` } };
  return { meant, held: await holdPolicy(text, place) };
}
