import * as z from 'zod';
import type { RuleKind } from '../rule.ts';

/** Refuses images that are not pinned by a digest. */
export const requiredDigest = {
  key: 'requiredDigest',
  summary: 'the image has no digest',
  parameters: z.strictObject({}).describe('Every image must be pinned by a sha256 or sha512 digest.'),
  facts: [],
  prepare: () => (image) =>
    image.digest === undefined
      ? {
          code: 'DIGEST_REQUIRED',
          reason: 'the image is not pinned by a digest',
          remedy: 'add its digest, as in name@sha256:…',
        }
      : undefined,
} satisfies RuleKind<Record<string, never>>;
