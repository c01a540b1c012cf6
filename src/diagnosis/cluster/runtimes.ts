import type { Policy } from '../../policy/policy.ts';
import { finding, type Finding } from '../finding.ts';
import { policyOf } from '../policy.ts';
import type { ClusterMaterial } from './material.ts';

/** Warns about policies that take an image without a registry for one of Docker Hub, where nodes run CRI-O. */
export function examineRuntimes({ crioNodes, policy, nodePolicy }: ClusterMaterial): readonly Finding[] {
  const [first] = crioNodes;
  const policies = [policyOf(policy), nodePolicy].filter((one) => one !== undefined);
  const open = policies.find((one) => one.shortNames === 'DockerHub' && !refusesShortNames(one));
  if (first === undefined || open === undefined) return [];
  const others = crioNodes.length === 1 ? '' : ` and ${crioNodes.length - 1} more`;
  return [
    finding(
      'SHORT_NAMES_OPEN',
      `Node ${first}${others}`,
      `policy ${open.identity.name} takes an image without a registry for an image of Docker Hub`,
    ),
  ];
}

/** Whether a rule refuses every image without a registry. */
function refusesShortNames({ rules }: Policy): boolean {
  return rules.some(
    ({ kind, actions, match, exclude }) =>
      kind === 'requireFullyQualified' &&
      actions.includes('Deny') &&
      match === undefined &&
      exclude === undefined,
  );
}
