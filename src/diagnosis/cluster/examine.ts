import { type Finding, sortFindings } from '../finding.ts';
import { examineCoverage, groupNamespaces, neededRules } from '../webhook/coverage.ts';
import { examineSelectors } from '../webhook/selectors.ts';
import { examineSettings } from '../webhook/settings.ts';
import { examineApiServers } from './api-servers.ts';
import { examineCertificates } from './certificates.ts';
import { examineClock } from './clock.ts';
import { examineDeployment } from './deployment.ts';
import { examineDuplicates } from './duplicates.ts';
import { examineEnforcement } from './enforcement.ts';
import { policyOf } from '../policy.ts';
import type { ClusterMaterial } from './material.ts';
import { examineNamespaces } from './namespaces.ts';
import { examineNetworkPolicies } from './network-policies.ts';
import { examinePeople } from './people.ts';
import { examineHeldPolicy } from './policy.ts';
import { completeRemedies } from './remedies.ts';
import { examineServices } from './services.ts';
import { examineUnread } from './unread.ts';

/** Looks at what was gathered, and says what is wrong with it. */
export type Examination = (material: ClusterMaterial) => readonly Finding[];

const EXAMINATIONS: readonly Examination[] = [
  examineEnforcement,
  examineApiServers,
  examineDuplicates,
  ({ webhooks }) => examineSettings(webhooks),
  ({ webhooks, version, policy }) => examineSelectors(webhooks, version, policyOf(policy)),
  examineRules,
  examineNamespaces,
  examineServices,
  examineDeployment,
  examineNetworkPolicies,
  examineCertificates,
  examineClock,
  examineHeldPolicy,
  examinePeople,
  examineUnread,
];

/** Everything that is wrong with the wiring of a cluster, the worst first. */
export function examineCluster(material: ClusterMaterial): readonly Finding[] {
  const findings = EXAMINATIONS.flatMap((examine) => examine(material));
  return sortFindings(completeRemedies(findings, material));
}

function examineRules({ webhooks, namespaces, policy }: ClusterMaterial): readonly Finding[] {
  if (webhooks.length === 0) return [];
  const needed = neededRules(policyOf(policy));
  const groups =
    namespaces === undefined ? [{ namespaces: [], webhooks }] : groupNamespaces(webhooks, namespaces);
  return examineCoverage(groups, needed);
}
