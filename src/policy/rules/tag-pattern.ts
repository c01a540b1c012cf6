import { ParameterError } from '../parameters.ts';

/**
 * A test whether a pattern matches a tag as a whole. RE2 takes linear time, so no pattern and no tag can delay the
 * gate (C19). The engine is loaded when the first policy needs it.
 * @throws {ParameterError} if the pattern is not RE2, or matches every tag.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export async function parseTagPattern(pattern: string): Promise<(tag: string) => boolean> {
  const { RE2JS } = await import('re2js');
  let compiled;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ParameterError(
      ['pattern'],
      `${JSON.stringify(pattern)} is not a pattern: ${why}`,
      'RE2 has no look-around and no back-references',
      { cause },
    );
  }
  const matches = (tag: string): boolean => compiled.matches(tag);
  if (matches('latest') && matches('0') && matches('_x.y-z')) {
    throw new ParameterError(
      ['pattern'],
      `${JSON.stringify(pattern)} matches every tag`,
      'write an expression that some tags do not match',
    );
  }
  return matches;
}
