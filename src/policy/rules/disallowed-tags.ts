import * as z from 'zod';
import { TAG_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import { effectiveTag } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import type { RuleKind } from '../rule.ts';
import { tagList } from '../parameters.ts';

/**
 * Refuses the tags of a list.
 *
 * Compares the tag that the runtime would pull. Without tag and digest this is `latest`. With a digest there is none,
 * because the runtime then ignores the tag.
 */
export const disallowedTags = {
  key: 'disallowedTags',
  parameters: z
    .strictObject({ tags: tagList })
    .describe('Tags that no image may be pulled by. No tag and no digest counts as latest.'),
  prepare: ({ tags }) => {
    const disallowed = new Set(tags);
    return (image) => {
      const pulled = effectiveTag(image);
      if (pulled === undefined || !disallowed.has(pulled)) return undefined;
      const tag = quote(pulled, TAG_MAX);
      return image.tag === undefined
        ? objection('DISALLOWED_TAG.implied', { tag })
        : objection('DISALLOWED_TAG.named', { tag });
    };
  },
} satisfies RuleKind<{ tags: string[] }>;
