import * as z from 'zod';
import { objection } from '../../language/objection.ts';
import type { RuleKind } from '../rule.ts';

/** Refuses images without a digest. */
export const requiredDigest = {
  key: 'requiredDigest',
  parameters: z.strictObject({}).describe('Every image must be pinned by a sha256 or sha512 digest.'),
  prepare: () => (image) => (image.digest === undefined ? objection('DIGEST_REQUIRED.missing') : undefined),
} satisfies RuleKind<Record<string, never>>;
