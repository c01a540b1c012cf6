import { examineUnread, type Finding, sortFindings } from '../finding.ts';
import { examineApiServers } from './api-servers.ts';
import { examineCertificates, examineClock } from './certificates.ts';
import { examineDeployment } from './deployment.ts';
import { examineEnforcement } from './enforcement.ts';
import { POLICY_CONFIG_MAP } from '../../wiring/names.ts';
import { examinePolicy } from '../policy.ts';
import type { ClusterMaterial } from './material.ts';
import { examineNetworkPolicies } from './network-policies.ts';
import { examinePeople } from './people.ts';
import { completeRemedies } from './remedies.ts';
import { examineRuntimes } from './runtimes.ts';
import { examineServices } from './services.ts';
import { examineWebhooks } from './webhooks.ts';

/** One check of the material. */
type Examination = (material: ClusterMaterial) => readonly Finding[];

const EXAMINATIONS: readonly Examination[] = [
  examineEnforcement,
  examineApiServers,
  examineWebhooks,
  examineServices,
  examineDeployment,
  examineNetworkPolicies,
  examineCertificates,
  examineClock,
  // A gate outside the cluster has its policy in a file.
  ({ policy, gate }) =>
    policy.held === 'none' && gate.deployment === undefined
      ? []
      : examinePolicy(policy, `ConfigMap ${gate.namespace}/${POLICY_CONFIG_MAP}`),
  examineRuntimes,
  examinePeople,
  ({ unread }) => examineUnread(unread),
];

/** All findings of a cluster, faults first, with remedies for this cluster. */
export function examineCluster(material: ClusterMaterial): readonly Finding[] {
  const findings = EXAMINATIONS.flatMap((examine) => examine(material));
  return sortFindings(completeRemedies(findings, material));
}
