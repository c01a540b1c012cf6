import * as z from 'zod';
import { TAG_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import { effectiveTag } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import { phrase, type Phrase } from '../../language/phrase.ts';
import { ParameterError, tagList } from '../parameters.ts';
import type { LastTag, RuleKind } from '../rule.ts';
import { parseSemverRange } from './semver-range.ts';
import { parseTagPattern } from './tag-pattern.ts';

/** Maximum number of tags in a message. */
const SHOWN_TAGS = 8;

const expression = z
  .string()
  .min(1, { message: 'it is empty; leave it out, or write the range or the expression' })
  .max(256, { message: 'it has more than 256 characters; split it into several rules' });

const parameters = z
  .strictObject({
    tags: tagList.optional().describe('Exact tags.'),
    semver: expression
      .optional()
      .describe('Range of semantic versions, such as ">=1.2.0 <2"; a leading "v" of a tag is ignored.'),
    pattern: expression.optional().describe('Regular expression (RE2) that the whole tag matches.'),
  })
  .describe('Tags that images must be pulled by: exactly one of tags, semver and pattern.');

/**
 * Admits only tags that are in a list, in a range of semantic versions, or match a pattern as a whole.
 *
 * An image with a digest never satisfies this rule, because the runtime ignores its tag and the registry does not compare
 * the tag with the digest.
 */
export const allowedTags = {
  key: 'allowedTags',
  parameters,
  prepare: async (options, { lastTag }) => {
    const { isAllowed, wanted } = await parseTagTest(options, lastTag);
    return (image) => {
      const tag = effectiveTag(image);
      if (tag === undefined) return objection('TAG_NOT_ALLOWED.digest', { wanted });
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

async function parseTagTest(options: z.infer<typeof parameters>, lastTag: LastTag): Promise<TagTest> {
  const { tags, semver, pattern } = options;
  if (Object.values(options).filter((value) => value !== undefined).length !== 1) {
    throw new ParameterError(
      [],
      'allowedTags takes exactly one of tags, semver and pattern',
      'split it into one rule for each',
    );
  }
  if (semver !== undefined) {
    const wanted = phrase('TAG_NOT_ALLOWED.wanted-semver', { range: quote(semver, 256) });
    return { isAllowed: await parseSemverRange(semver, lastTag), wanted };
  }
  if (pattern !== undefined) {
    const wanted = phrase('TAG_NOT_ALLOWED.wanted-pattern', { pattern: quote(pattern, 256) });
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
