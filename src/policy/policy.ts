import type { KindTable } from '../workload/kinds.ts';
import type { PolicyIdentity } from './decision.ts';
import { createImageJudges, type ImageJudges } from './image-judge.ts';
import type { PolicyWarning } from './lint.ts';
import type { Rule, ShortNames } from './rule.ts';

/**
 * A loaded policy: decoded, with prepared patterns, ready to judge. Each policy has its own memory of images, so a reload
 * starts with an empty one.
 */
export interface Policy extends ImageJudges {
  readonly identity: PolicyIdentity;
  readonly rules: readonly Rule[];
  /** What happens to an image for which no rule vouches. */
  readonly unmatchedImages: 'Deny' | 'Allow';
  readonly shortNames: ShortNames;
  /** The kinds whose images are found. */
  readonly kinds: KindTable;
  /** The rules with the action Deny that exclude users or groups. */
  readonly excludingUsers: readonly Rule[];
  /** Parts that are legal, and probably not what the author means. */
  readonly warnings: readonly PolicyWarning[];
}

/** Makes a policy from its decoded parts. */
export function createPolicy(
  parts: Pick<Policy, 'identity' | 'rules' | 'unmatchedImages' | 'kinds'> &
    Partial<Pick<Policy, 'warnings' | 'shortNames'>>,
): Policy {
  const excludingUsers = parts.rules.filter(
    ({ actions, exclude }) => actions.includes('Deny') && (exclude?.users ?? exclude?.groups) !== undefined,
  );
  return {
    warnings: [],
    shortNames: 'DockerHub',
    ...parts,
    excludingUsers,
    ...createImageJudges(parts.rules, parts.unmatchedImages === 'Deny'),
  };
}
