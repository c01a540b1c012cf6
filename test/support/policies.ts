import { createPolicy, type Policy } from '../../src/policy/policy.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import { defaultPolicyDocument } from '../../src/policy/default-policy.ts';
import type { Check, Rule } from '../../src/policy/rule.ts';
import { BUILT_IN_KINDS } from '../../src/workload/kinds.ts';
import type { PolicyDocument, RuleDocument } from '../../src/policy/schema.ts';

/** No image may use the tag `latest`: the policy that is active if none is given. */
export const NO_LATEST: Policy = await decodePolicy(defaultPolicyDocument([]));

/** A rule as a policy document has it. It gets a unique name. */
export type NamelessRule = Omit<RuleDocument, 'name'> & { readonly name?: string };

/** A policy of these rules. An image that no rule selects is allowed. */
export function policyOf(...rules: readonly NamelessRule[]): Promise<Policy> {
  return decodePolicy(policyDocument(rules));
}

/** The document of a policy. */
export function policyDocument(
  rules: readonly NamelessRule[],
  unmatchedImages: 'Deny' | 'Allow' = 'Allow',
): PolicyDocument {
  return {
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name: 'test' },
    spec: { unmatchedImages, rules: rules.map((rule, index) => ({ name: `rule-${index + 1}`, ...rule })) },
  };
}

/** A policy of one rule that a document cannot contain. */
export function policyWithCheck(check: Check, parts: Partial<Rule> = {}): Policy {
  const rule: Rule = {
    name: 'by-hand',
    kind: 'byHand',
    actions: ['Deny'],
    match: undefined,
    exclude: undefined,
    vouchesFor: undefined,
    check,
    message: undefined,
    ...parts,
  };
  return createPolicy({
    identity: { name: 'by-hand', revision: '000000000000' },
    rules: [rule],
    unmatchedImages: 'Allow',
    kinds: BUILT_IN_KINDS,
  });
}
