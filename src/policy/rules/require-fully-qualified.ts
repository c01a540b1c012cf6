import * as z from 'zod';
import { TEXT_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import { canonicalName } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import type { RuleKind } from '../rule.ts';

/** Refuses images without a registry. A runtime with search registries may pull them from a registry other than Docker Hub (B29). */
export const requireFullyQualified = {
  key: 'requireFullyQualified',
  parameters: z
    .strictObject({})
    .describe('Every image must name its registry, as in docker.io/library/nginx.'),
  prepare: () => (image) =>
    image.fullyQualified
      ? undefined
      : objection('NOT_FULLY_QUALIFIED.registry', { name: quote(canonicalName(image), TEXT_MAX) }),
} satisfies RuleKind<Record<string, never>>;
