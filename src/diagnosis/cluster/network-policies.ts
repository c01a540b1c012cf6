import { isObject, type Fields } from '../../document/json.ts';
import { REVIEW_PORT } from '../../wiring/names.ts';
import { finding, type Finding } from '../finding.ts';
import { containerPortsOf, podLabelsOf, selectsPod } from './gate-pods.ts';
import type { ClusterMaterial } from './material.ts';

/**
 * Checks that network policies allow the API server to reach the gate. The API server is not a pod, so only a rule without
 * `from`, or with an `ipBlock`, can include it. Policies are additive, so one rule is enough.
 */
export function examineNetworkPolicies({ gate }: ClusterMaterial): readonly Finding[] {
  const spec = gate.deployment?.['spec'];
  if (!isObject(spec)) return [];
  const labels = podLabelsOf(spec);
  const ports = containerPortsOf(spec);
  const port = ports.get('https') ?? REVIEW_PORT;
  const names = [...ports].flatMap(([name, number]) => (number === port ? [name] : []));
  const policies = gate.networkPolicies.filter((policy) => {
    const { podSelector, policyTypes } = isObject(policy['spec']) ? policy['spec'] : {};
    const isIngress = !Array.isArray(policyTypes) || policyTypes.includes('Ingress');
    return isIngress && selectsPod(podSelector, labels);
  });
  if (policies.length === 0) return [];
  const rules = policies.flatMap(({ spec }) =>
    isObject(spec) && Array.isArray(spec['ingress']) ? (spec['ingress'] as unknown[]).filter(isObject) : [],
  );
  if (rules.some((rule) => admitsAddresses(rule) && admitsPort(rule, port, names))) return [];
  const subject = policies
    .map(({ metadata }) => `NetworkPolicy ${metadata.namespace}/${metadata.name}`)
    .join(', ');
  return [
    finding('NETWORK_POLICY_BLOCKS', subject, `no rule allows addresses of nodes to reach port ${port}`),
  ];
}

function admitsAddresses({ from }: Fields): boolean {
  if (!Array.isArray(from) || from.length === 0) return true;
  return from.some((peer: unknown) => isObject(peer) && peer['ipBlock'] !== undefined);
}

function admitsPort({ ports }: Fields, port: number, names: readonly string[]): boolean {
  if (!Array.isArray(ports) || ports.length === 0) return true;
  return ports.some((entry: unknown) => {
    if (!isObject(entry) || (entry['protocol'] ?? 'TCP') !== 'TCP') return false;
    const { port: first, endPort } = entry;
    if (first === undefined) return true;
    if (typeof first === 'string') return names.includes(first);
    if (typeof first !== 'number') return false;
    return first <= port && port <= (typeof endPort === 'number' ? endPort : first);
  });
}
