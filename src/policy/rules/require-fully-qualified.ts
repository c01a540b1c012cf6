import * as z from 'zod';
import { canonicalName } from '../../image/reference.ts';
import type { RuleKind } from '../rule.ts';

/** Refuses short names, which a runtime with search registries may find elsewhere than on Docker Hub (B29). */
export const requireFullyQualified = {
  key: 'requireFullyQualified',
  summary: 'the image does not name its registry',
  parameters: z
    .strictObject({})
    .describe('Every image must name its registry, as in docker.io/library/nginx.'),
  facts: [],
  prepare: () => (image) =>
    image.fullyQualified
      ? undefined
      : {
          code: 'NOT_FULLY_QUALIFIED',
          reason: 'the image does not name its registry',
          remedy: `write ${canonicalName(image)}`,
        },
} satisfies RuleKind<Record<string, never>>;
