import { ParameterError } from '../parameter-error.ts';

/**
 * Whether a pattern matches a tag as a whole. RE2 syntax in linear time, so that no pattern and no tag can make
 * the gate late (C19); the engine is loaded when a policy asks for it.
 * @throws {ParameterError} when the pattern is not RE2, or when it would match any tag.
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
      `${JSON.stringify(pattern)} matches any tag`,
      'say what a tag must look like',
    );
  }
  return matches;
}
