import type { KindTable } from '../workload/kinds.ts';
import type { PolicyIdentity } from './decision.ts';
import type { FactName } from './facts.ts';
import { createImageJudge, type ImageJudge } from './image-judge.ts';
import type { Rule } from './rule.ts';

/** A loaded policy: everything decoded, every pattern prepared, ready to judge. */
export interface Policy extends PolicyIdentity {
  readonly identity: PolicyIdentity;
  readonly rules: readonly Rule[];
  /** What happens to an image that no rule selects. */
  readonly unmatchedImages: 'Deny' | 'Allow';
  /** The kinds whose images are found. */
  readonly kinds: KindTable;
  /** What the rules need to know; empty for a policy that never waits. */
  readonly facts: ReadonlySet<FactName>;
  /** Remembers what the rules say to an image. It goes with the policy, so that nothing outlives a reload. */
  readonly judge: ImageJudge;
}

/** Puts a policy together from its decoded parts. */
export function createPolicy(
  parts: Pick<Policy, 'name' | 'revision' | 'rules' | 'unmatchedImages' | 'kinds'>,
): Policy {
  return {
    ...parts,
    identity: { name: parts.name, revision: parts.revision },
    facts: new Set(parts.rules.flatMap((rule) => rule.facts)),
    judge: createImageJudge(parts.rules),
  };
}
