import { GATE_NAME } from '../../wiring/names.ts';
import type { Finding } from '../finding.ts';
import { completeRemedy, type WebhookChoice, type WebhookCommand } from '../remedy.ts';
import { groupNamespaces } from '../webhook/coverage.ts';
import type { ClusterMaterial } from './material.ts';
import { fieldsOf } from '../../document/json.ts';
import { KUBE_SYSTEM } from './webhooks.ts';

/** The replicas of `bootstrap webhook`, without an option. */
const DEFAULT_REPLICAS = 3;

/**
 * The same findings; each command `bootstrap webhook` gets the options of this cluster. The user can paste the command. It
 * repairs the fault and keeps the choices of the operator.
 */
export function completeRemedies(
  findings: readonly Finding[],
  material: ClusterMaterial,
): readonly Finding[] {
  const address = addressOptions(material);
  const choices = choicesOf(material);
  const wiringOf = ({ keep }: WebhookCommand): readonly string[] => [
    ...address,
    ...keep.flatMap((choice) => choices[choice] ?? []),
  ];
  return findings.map((one) => ({ ...one, remedy: completeRemedy(one.remedy, wiringOf) }));
}

function addressOptions({ webhooks, gate }: ClusterMaterial): readonly string[] {
  for (const { target } of webhooks) {
    const origin = target.form === 'url' ? URL.parse(target.url)?.origin : undefined;
    // Only the operator of the gate knows the file of its CA.
    if (origin !== undefined) return ['--url', origin, '--ca-cert', 'FILE'];
  }
  return ['--service', ...(gate.namespace === GATE_NAME ? [] : ['--namespace', gate.namespace])];
}

/** The choices of the operator that differ from the defaults of the command, as its options. */
function choicesOf(material: ClusterMaterial): Partial<Record<WebhookChoice, readonly string[]>> {
  const { webhooks, namespaces, gate } = material;
  if (webhooks.length === 0 || namespaces === undefined) return {};
  const groups = groupNamespaces(webhooks, namespaces);
  const stageOf = (namespace: string): string | undefined => {
    const covering = groups.find((group) => group.namespaces.includes(namespace))?.webhooks ?? [];
    return covering.some(({ stage }) => stage === 'deny') ? 'deny' : covering[0]?.stage;
  };
  const stage = stageOf(material.canaries.namespace);
  const kubeSystem = stageOf(KUBE_SYSTEM) ?? 'exempt';
  const left = groups
    .filter((group) => group.webhooks.length === 0)
    .flatMap((group) => group.namespaces)
    .filter((name) => name !== gate.namespace && name !== KUBE_SYSTEM);
  const replicas = replicasOf(material);
  return {
    ...(stage !== undefined && stage !== 'deny' && { stage: ['--stage', stage] }),
    ...(stage === 'deny' &&
      (kubeSystem === 'deny' || kubeSystem === 'exempt') && { 'kube-system': ['--kube-system', kubeSystem] }),
    ...(left.length > 0 && { 'exempt-namespaces': ['--exempt-namespaces', left.join(',')] }),
    ...(replicas !== undefined &&
      replicas !== DEFAULT_REPLICAS && { replicas: ['--replicas', String(replicas)] }),
  };
}

function replicasOf({ gate }: ClusterMaterial): number | undefined {
  const { replicas } = fieldsOf(gate.deployment?.['spec']);
  // A single replica is a finding, not a choice to keep.
  return typeof replicas === 'number' && replicas > 1 ? replicas : undefined;
}
