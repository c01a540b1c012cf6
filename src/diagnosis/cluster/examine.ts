import { createPolicy } from '../../policy/policy.ts';
import { webhookRules } from '../../webhook/rules.ts';
import { type Finding, sortFindings } from '../finding.ts';
import { examineCoverage, groupNamespaces } from '../webhook/coverage.ts';
import { examineSelectors } from '../webhook/selectors.ts';
import { examineSettings } from '../webhook/settings.ts';
import { examineApiServers } from './api-servers.ts';
import { examineCertificates } from './certificates.ts';
import { examineClock } from './clock.ts';
import { examineDeployment } from './deployment.ts';
import { examineDuplicates } from './duplicates.ts';
import { examineEnforcement } from './enforcement.ts';
import { type ClusterMaterial, policyOf } from './material.ts';
import { examineNamespaces } from './namespaces.ts';
import { examineNetworkPolicies } from './network-policies.ts';
import { examinePeople } from './people.ts';
import { examinePolicy } from './policy.ts';
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
  ({ webhooks, version }) => examineSelectors(webhooks, version),
  examineRules,
  examineNamespaces,
  examineServices,
  examineDeployment,
  examineNetworkPolicies,
  examineCertificates,
  examineClock,
  examinePolicy,
  examinePeople,
  examineUnread,
];

/** Everything that is wrong with the wiring of a cluster, the worst first. */
export function examineCluster(material: ClusterMaterial): readonly Finding[] {
  const findings = EXAMINATIONS.flatMap((examine) => examine(material));
  return sortFindings(completeRemedies(findings, material.webhooks));
}

/** A policy that nobody has told us needs every kind. */
const EVERYTHING = createPolicy({ name: '', revision: '', rules: [], unmatchedImages: 'Deny' });

function examineRules({ webhooks, namespaces, policy }: ClusterMaterial): readonly Finding[] {
  if (webhooks.length === 0) return [];
  const needed = webhookRules(policyOf(policy) ?? EVERYTHING);
  const groups =
    namespaces === undefined ? [{ namespaces: [], webhooks }] : groupNamespaces(webhooks, namespaces);
  return examineCoverage(groups, needed);
}
