import { finding, type Finding } from '../finding.ts';
import { groupNamespaces, renderNames } from '../webhook/coverage.ts';
import { settableKeys } from '../webhook/selectors.ts';
import type { ClusterMaterial } from './material.ts';

const KUBE_SYSTEM = 'kube-system';

/** Which namespaces nobody covers, and how kube-system is treated (E04). */
export function examineNamespaces({ webhooks, namespaces, gate }: ClusterMaterial): readonly Finding[] {
  if (webhooks.length === 0 || namespaces === undefined) return [];
  const groups = groupNamespaces(webhooks, namespaces);
  const uncovered = groups
    .filter((group) => group.webhooks.length === 0)
    .flatMap((group) => group.namespaces)
    // The way out of a lock-out must not lead through the gate; who may create pods there is told elsewhere.
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
      ? 'the gate is not asked about kube-system'
      : 'in kube-system the gate tells and refuses nothing';
  return [finding('KUBE_SYSTEM_NOT_DENIED', subject, what)];
}

/** Whether somebody who may label namespaces matters to this wiring. */
export function dependsOnLabels({ webhooks }: ClusterMaterial): boolean {
  return webhooks.some((webhook) => settableKeys(webhook).length > 0);
}
