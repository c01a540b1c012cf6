import { POLICY_CONFIG_MAP } from '../../webhook/names.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';

/** Whether the cluster holds a policy that can be loaded, and the one that is meant. */
export function examinePolicy({ policy, gate }: ClusterMaterial): readonly Finding[] {
  const subject = `ConfigMap ${gate.namespace}/${POLICY_CONFIG_MAP}`;
  const { held, meant } = policy;
  if (held === 'unread') return [];
  if (held === 'none') {
    // A gate outside the cluster has its policy in a file.
    return gate.deployment === undefined ? [] : [finding('POLICY_MISSING', subject, 'there is none')];
  }
  if ('problem' in held) {
    const [first = ''] = held.problem.split('\n');
    return [finding('POLICY_UNREADABLE_IN_CLUSTER', subject, first)];
  }
  if (meant === undefined || meant.revision === held.policy.revision) return [];
  const what = `it holds policy ${held.policy.name} (${held.policy.revision}), and --policy names ${meant.name} (${meant.revision})`;
  return [finding('POLICY_DIFFERS', subject, what)];
}
