import type { Policy } from '../policy/policy.ts';
import type { PolicyDocument } from '../policy/schema.ts';

/** The default policy for a cluster. On CRI-O an image without a registry satisfies no pattern that admits. */
export function forNodes(document: PolicyDocument, crioNodes: readonly string[]): PolicyDocument {
  if (crioNodes.length === 0) return document;
  const { rules, ...spec } = document.spec;
  return { ...document, spec: { ...spec, shortNames: 'Refuse', rules } };
}

/** What CRI-O means for a policy; `undefined` if no node runs it. `crioNodes` are as from {@link crioNodesOf}. */
export function describeShortNames(
  { shortNames }: Pick<Policy, 'shortNames'>,
  crioNodes: readonly string[],
): string | undefined {
  const [first] = crioNodes;
  if (first === undefined) return undefined;
  const others = crioNodes.length === 1 ? '' : ` and ${crioNodes.length - 1} more`;
  return `node ${first}${others}: CRI-O takes an image without a registry from the registry that the node's own files name; ${
    shortNames === 'Refuse'
      ? 'the policy has shortNames: Refuse, so no pattern admits such an image'
      : 'add shortNames: Refuse to the spec of the policy'
  }`;
}
