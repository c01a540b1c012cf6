import * as z from 'zod';
import { ImagePatternError } from '../image/pattern-text.ts';
import { parseImagePattern, type ImagePattern } from '../image/pattern.ts';
import { ParameterError } from './parameter-error.ts';

/** Image patterns as a policy lists them. */
export const imageList = z
  .array(z.string())
  .min(1, { message: 'an empty list is about no image at all; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' })
  .describe(
    'Registry and repository, whole segments: "*" within one, "**" for one or more, such as ghcr.io/acme/**.',
  );

/**
 * Prepares a list of image patterns. `use` says whether a match opens the gate or closes it.
 * @throws {ParameterError} at the pattern that says something else than it seems to.
 */
export function parseImageList(
  texts: readonly string[],
  use: 'opens' | 'closes',
  path: readonly (string | number)[] = ['images'],
): ImagePattern[] {
  return texts.map((text, index) => {
    try {
      return parseImagePattern(text, use);
    } catch (error) {
      if (!(error instanceof ImagePatternError)) throw error;
      throw new ParameterError([...path, index], error.message, error.hint, { cause: error });
    }
  });
}
