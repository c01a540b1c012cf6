import type { KindTable } from '../workload/kinds.ts';
import type { PolicyIdentity } from './decision.ts';
import { createImageJudge, type ImageJudge } from './image-judge.ts';
import type { Rule } from './rule.ts';

/** A loaded policy: decoded, with prepared patterns, ready to judge. */
export interface Policy {
  readonly identity: PolicyIdentity;
  readonly rules: readonly Rule[];
  /** What happens to an image for which no rule vouches. */
  readonly unmatchedImages: 'Deny' | 'Allow';
  /** The kinds whose images are found. */
  readonly kinds: KindTable;
  /** Judges images and remembers the results. Each policy has its own memory, so a reload starts with an empty one. */
  readonly judge: ImageJudge;
}

/** Makes a policy from its decoded parts. */
export function createPolicy(
  parts: Pick<Policy, 'identity' | 'rules' | 'unmatchedImages' | 'kinds'>,
): Policy {
  return { ...parts, judge: createImageJudge(parts.rules, parts.unmatchedImages === 'Deny') };
}
