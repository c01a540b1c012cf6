import { GATE_NAME } from '../../wiring/names.ts';
import type { Finding } from '../finding.ts';
import { groupNamespaces } from '../webhook/coverage.ts';
import type { ClusterMaterial } from './material.ts';
import { fieldsOf } from '../../document/json.ts';

/** What a remedy leaves open: how `bootstrap webhook` wires this gate in this cluster. */
const OPEN = 'bootstrap webhook …';

const KUBE_SYSTEM = 'kube-system';

/**
 * The same findings with commands that fit this cluster: to be pasted, and to mend what is wrong without changing what
 * was meant.
 */
export function completeRemedies(
  findings: readonly Finding[],
  material: ClusterMaterial,
): readonly Finding[] {
  return findings.map((one) => ({
    ...one,
    remedy: one.remedy.replaceAll(OPEN, () =>
      ['bootstrap webhook', ...addressOptions(material), ...keptOptions(one, material)].join(' '),
    ),
  }));
}

function addressOptions({ webhooks, gate }: ClusterMaterial): readonly string[] {
  for (const { target } of webhooks) {
    const origin = target.form === 'url' ? URL.parse(target.url)?.origin : undefined;
    // Only who runs the gate knows where its CA is.
    if (origin !== undefined) return [`--url ${origin}`, '--ca-cert FILE'];
  }
  return ['--service', ...(gate.namespace === GATE_NAME ? [] : [`--namespace ${gate.namespace}`])];
}

/** What somebody has chosen, where the default of the command is another choice. */
function keptOptions({ code, remedy }: Finding, material: ClusterMaterial): readonly string[] {
  const { webhooks, namespaces, gate } = material;
  if (webhooks.length === 0 || namespaces === undefined) return [];
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
  return [
    ...(stage === undefined || stage === 'deny' || remedy.includes('--stage') ? [] : [`--stage ${stage}`]),
    ...(kubeSystem === 'warn' ||
    kubeSystem === 'audit' ||
    stage !== 'deny' ||
    remedy.includes('--kube-system')
      ? []
      : [`--kube-system ${kubeSystem}`]),
    // A hole in the selector is not a choice.
    ...(left.length === 0 || code === 'NAMESPACE_UNCOVERED' || code === 'SELECTOR_SETTABLE'
      ? []
      : [`--exempt-namespaces ${left.join(',')}`]),
    ...(replicas === undefined || replicas === 3 ? [] : [`--replicas ${replicas}`]),
  ];
}

function replicasOf({ gate }: ClusterMaterial): number | undefined {
  const { replicas } = fieldsOf(gate.deployment?.['spec']);
  // One is a fault of its own.
  return typeof replicas === 'number' && replicas > 1 ? replicas : undefined;
}
