import * as z from 'zod';
import { TAG_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import { effectiveTag } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import { phrase, type Phrase } from '../../language/phrase.ts';
import { checkOneOf, EXPRESSION_MAX, tagExpression, tagList } from '../parameters.ts';
import type { LastTag, RuleKind } from '../rule.ts';
import { parseSemverRange } from './semver-range.ts';
import { parseTagPattern } from './tag-pattern.ts';

/** Maximum number of tags in a message. */
const SHOWN_TAGS = 8;

const parameters = z
  .strictObject({
    tags: tagList.optional().describe('Exact tags.'),
    semver: tagExpression
      .optional()
      .describe('Range of semantic versions, such as ">=1.2.0 <2"; a leading "v" of a tag is ignored.'),
    pattern: tagExpression.optional().describe('Regular expression (RE2) that the whole tag matches.'),
    withDigest: z
      .enum(['Deny', 'Allow'])
      .optional()
      .describe('Whether a digest satisfies the rule, with any tag or none beside it. Default Deny.'),
  })
  .describe('Tags that images must be pulled by: exactly one of tags, semver and pattern.');

/**
 * Admits only tags that are in a list, in a range of semantic versions, or match a pattern as a whole.
 *
 * A tag beside a digest never satisfies this rule, because the runtime ignores it and the registry does not compare the tag
 * with the digest. With `withDigest: Allow` the digest itself satisfies the rule.
 */
export const allowedTags = {
  key: 'allowedTags',
  parameters,
  prepare: async (options, { lastTag }) => {
    const { withDigest, ...test } = options;
    const { isAllowed, wanted } = await parseTagTest(test, lastTag);
    return (image) => {
      const tag = effectiveTag(image);
      if (tag === undefined)
        return withDigest === 'Allow' ? undefined : objection('TAG_NOT_ALLOWED.digest', { wanted });
      return isAllowed(tag)
        ? undefined
        : objection('TAG_NOT_ALLOWED.tag', { tag: quote(tag, TAG_MAX), wanted });
    };
  },
} satisfies RuleKind<z.infer<typeof parameters>>;

interface TagTest {
  readonly isAllowed: (tag: string) => boolean;
  /** The allowed tags in words: `one of v1, v2`. */
  readonly wanted: Phrase;
}

async function parseTagTest(
  options: Omit<z.infer<typeof parameters>, 'withDigest'>,
  lastTag: LastTag,
): Promise<TagTest> {
  const { tags, semver, pattern } = options;
  checkOneOf('allowedTags', { tags, semver, pattern });
  if (semver !== undefined) {
    const wanted = phrase('TAG_NOT_ALLOWED.wanted-semver', { range: quote(semver, EXPRESSION_MAX) });
    return { isAllowed: await parseSemverRange(semver, lastTag), wanted };
  }
  if (pattern !== undefined) {
    const wanted = phrase('TAG_NOT_ALLOWED.wanted-pattern', { pattern: quote(pattern, EXPRESSION_MAX) });
    return { isAllowed: await parseTagPattern(pattern), wanted };
  }
  const allowed = new Set(tags);
  const shown = [...allowed].slice(0, SHOWN_TAGS).join(', ');
  const list = quote(allowed.size > SHOWN_TAGS ? `${shown}, ...` : shown, (SHOWN_TAGS + 1) * (TAG_MAX + 2));
  return {
    isAllowed: (tag) => allowed.has(tag),
    wanted: phrase('TAG_NOT_ALLOWED.wanted-tags', { tags: list }),
  };
}
