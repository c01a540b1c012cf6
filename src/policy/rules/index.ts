import { allowedImages } from './allowed-images.ts';
import { allowedTags } from './allowed-tags.ts';
import { disallowedImages } from './disallowed-images.ts';
import { disallowedTags } from './disallowed-tags.ts';
import { requireFullyQualified } from './require-fully-qualified.ts';
import { requiredDigest } from './required-digest.ts';

/** Every kind of rule by its key in a policy. */
export const RULE_KINDS = {
  disallowedTags,
  allowedTags,
  allowedImages,
  disallowedImages,
  requiredDigest,
  requireFullyQualified,
} as const;

export type RuleKey = keyof typeof RULE_KINDS;
