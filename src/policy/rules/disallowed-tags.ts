import * as z from 'zod';
import { effectiveTag } from '../../image/reference.ts';
import type { RuleKind } from '../rule.ts';
import { tagList } from './tag-list.ts';

/**
 * Refuses tags that may move.
 *
 * Looks at the tag that the runtime would pull: `latest` when there is neither tag nor digest, none when there
 * is a digest, since then the tag is decoration.
 */
export const disallowedTags = {
  key: 'disallowedTags',
  summary: 'the image is pulled by one of these tags',
  parameters: z
    .strictObject({ tags: tagList })
    .describe('Tags that no image may be pulled by. No tag and no digest counts as latest.'),
  facts: [],
  prepare: ({ tags }) => {
    const disallowed = new Set(tags);
    return (image) => {
      const tag = effectiveTag(image);
      if (tag === undefined || !disallowed.has(tag)) return undefined;
      const reason =
        image.tag === undefined
          ? `no tag means tag "${tag}", which is not allowed`
          : `tag "${tag}" is not allowed`;
      return { code: 'DISALLOWED_TAG', reason, remedy: 'name a fixed version or a digest' };
    };
  },
} satisfies RuleKind<{ tags: string[] }>;
