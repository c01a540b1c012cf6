import { parameterError } from '../parameter-error.ts';
import { canMatchTag } from './tag-witness.ts';

/**
 * A test whether a pattern matches a tag as a whole. RE2 takes linear time, so no pattern and no tag can delay the
 * gate (C19). The engine is loaded when the first policy needs it.
 * @throws {ParameterError} if the pattern is not RE2, or matches every tag or no tag.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export async function parseTagPattern(pattern: string): Promise<(tag: string) => boolean> {
  const { RE2JS } = await import('re2js');
  let compiled;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw parameterError(
      ['pattern'],
      `${JSON.stringify(pattern)} is not a pattern: ${why}`,
      pattern.includes('(?!')
        ? 'RE2 has no look-around; to refuse tags of a form, write disallowedTags with a pattern'
        : 'RE2 has no look-around and no back-references',
      { cause },
    );
  }
  const matches = (tag: string): boolean => compiled.matches(tag);
  if (matches('latest') && matches('0') && matches('_x.y-z')) {
    const hint = 'write an expression that some tags do not match';
    throw parameterError(['pattern'], `${JSON.stringify(pattern)} matches every tag`, hint);
  }
  if (!canMatchTag(compiled)) {
    const hint = String.raw`write an expression for the text after the ":", as in v?\d+\.\d+\.\d+`;
    throw parameterError(['pattern'], `no tag matches ${JSON.stringify(pattern)}`, hint);
  }
  return matches;
}
