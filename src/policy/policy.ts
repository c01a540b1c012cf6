import type { KindTable } from '../workload/kinds.ts';
import type { PolicyIdentity } from './decision.ts';
import { createImageJudges, type ImageJudges } from './image-judge.ts';
import type { Rule } from './rule.ts';

/**
 * A loaded policy: decoded, with prepared patterns, ready to judge. Each policy has its own memory of images, so a reload
 * starts with an empty one.
 */
export interface Policy extends ImageJudges {
  readonly identity: PolicyIdentity;
  readonly rules: readonly Rule[];
  /** What happens to an image for which no rule vouches. */
  readonly unmatchedImages: 'Deny' | 'Allow';
  /** The kinds whose images are found. */
  readonly kinds: KindTable;
}

/** Makes a policy from its decoded parts. */
export function createPolicy(
  parts: Pick<Policy, 'identity' | 'rules' | 'unmatchedImages' | 'kinds'>,
): Policy {
  return { ...parts, ...createImageJudges(parts.rules, parts.unmatchedImages === 'Deny') };
}
