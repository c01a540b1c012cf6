import * as z from 'zod';
import { TAG_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import { effectiveTag } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import { checkOneOf, EXPRESSION_MAX, tagExpression, tagList } from '../parameters.ts';
import type { RuleKind } from '../rule.ts';
import { parseTagPattern } from './tag-pattern.ts';

const parameters = z
  .strictObject({
    tags: tagList.optional().describe('Exact tags.'),
    pattern: tagExpression.optional().describe('Regular expression (RE2) that the whole tag matches.'),
  })
  .describe(
    'Tags that no image may be pulled by: exactly one of tags and pattern. No tag and no digest counts as latest.',
  );

/**
 * Refuses the tags of a list, or those that match a pattern as a whole.
 *
 * Compares the tag that the runtime would pull. Without tag and digest this is `latest`. With a digest there is none,
 * because the runtime then ignores the tag.
 */
export const disallowedTags = {
  key: 'disallowedTags',
  parameters,
  prepare: async ({ tags, pattern }) => {
    checkOneOf('disallowedTags', { tags, pattern });
    const disallowed = new Set(tags);
    const matches = pattern === undefined ? undefined : await parseTagPattern(pattern);
    const form = quote(pattern ?? '', EXPRESSION_MAX);
    return (image) => {
      const pulled = effectiveTag(image);
      if (pulled === undefined || !(matches?.(pulled) ?? disallowed.has(pulled))) return undefined;
      const tag = quote(pulled, TAG_MAX);
      if (matches !== undefined && image.tag !== undefined)
        return objection('DISALLOWED_TAG.pattern', { tag, pattern: form });
      return image.tag === undefined
        ? objection('DISALLOWED_TAG.implied', { tag })
        : objection('DISALLOWED_TAG.named', { tag });
    };
  },
} satisfies RuleKind<z.infer<typeof parameters>>;
