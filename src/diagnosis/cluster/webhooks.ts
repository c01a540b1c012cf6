import { finding, type Finding } from '../finding.ts';
import { policyOf } from '../policy.ts';
import { examineCoverage, groupNamespaces, neededRules, renderNames } from '../webhook/coverage.ts';
import { examineSelectors, settableKeys } from '../webhook/selectors.ts';
import { examineSettings } from '../webhook/settings.ts';
import type { ClusterMaterial } from './material.ts';

/** The namespace of the pods for network and DNS. `bootstrap webhook` has an option for it. */
export const KUBE_SYSTEM = 'kube-system';

/** The webhook configurations that call the gate: how many there are, their settings, and what they leave out. */
export function examineWebhooks(material: ClusterMaterial): readonly Finding[] {
  const { webhooks, version, policy } = material;
  return [
    ...examineDuplicates(material),
    ...examineSettings(webhooks),
    ...examineSelectors(webhooks, version, policyOf(policy)),
    ...examineRules(material),
    ...examineNamespaces(material),
  ];
}

/** Reports a second configuration: one that was written by hand, or one with an older name. */
function examineDuplicates({ webhooks }: ClusterMaterial): readonly Finding[] {
  const sources = [...new Set(webhooks.map(({ source }) => source))];
  if (sources.length < 2) return [];
  return [finding('WEBHOOK_DUPLICATE', sources.join(', '), `${sources.length} configurations call the gate`)];
}

function examineRules({ webhooks, namespaces, policy }: ClusterMaterial): readonly Finding[] {
  if (webhooks.length === 0) return [];
  const needed = neededRules(policyOf(policy));
  const groups =
    namespaces === undefined ? [{ namespaces: [], webhooks }] : groupNamespaces(webhooks, namespaces);
  return examineCoverage(groups, needed);
}

/** Namespaces without a webhook, and the stage of kube-system (E04). */
function examineNamespaces({ webhooks, namespaces, gate }: ClusterMaterial): readonly Finding[] {
  if (webhooks.length === 0 || namespaces === undefined) return [];
  const groups = groupNamespaces(webhooks, namespaces);
  const uncovered = groups
    .filter((group) => group.webhooks.length === 0)
    .flatMap((group) => group.namespaces)
    // These two namespaces are exempt on purpose. GATE_NAMESPACE_OPEN and KUBE_SYSTEM_NOT_DENIED report them.
    .filter((name) => name !== gate.namespace && name !== KUBE_SYSTEM);
  const subject = [...new Set(webhooks.map(({ source }) => source))].join(', ');
  return [
    ...(uncovered.length > 0
      ? [finding('NAMESPACE_UNCOVERED', subject, `no webhook is called for ${renderNames(uncovered)}`)]
      : []),
    ...examineKubeSystem(groups, subject),
  ];
}

function examineKubeSystem(groups: ReturnType<typeof groupNamespaces>, subject: string): readonly Finding[] {
  const isDenied = (group: (typeof groups)[number]): boolean =>
    group.webhooks.some(({ stage }) => stage === 'deny');
  const own = groups.find(({ namespaces }) => namespaces.includes(KUBE_SYSTEM));
  if (own === undefined || isDenied(own) || !groups.some(isDenied)) return [];
  const what =
    own.webhooks.length === 0
      ? 'the API server does not call the gate for kube-system'
      : 'in kube-system the gate reports and refuses nothing';
  return [finding('KUBE_SYSTEM_NOT_DENIED', subject, what)];
}

/** Whether a webhook selects namespaces by labels that users can set. */
export function dependsOnLabels({ webhooks }: ClusterMaterial): boolean {
  return webhooks.some((webhook) => settableKeys(webhook).length > 0);
}
