import { POLICY_CONFIG_MAP } from '../../webhook/names.ts';
import type { Finding } from '../finding.ts';
import { examinePolicy } from '../policy.ts';
import type { ClusterMaterial } from './material.ts';

/** The policy that the cluster holds. */
export function examineHeldPolicy({ policy, gate }: ClusterMaterial): readonly Finding[] {
  // A gate outside the cluster has its policy in a file.
  if (policy.held === 'none' && gate.deployment === undefined) return [];
  return examinePolicy(policy, `ConfigMap ${gate.namespace}/${POLICY_CONFIG_MAP}`);
}
