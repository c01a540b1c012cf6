import * as z from 'zod';
import { ImagePatternError } from '../image/pattern-text.ts';
import { parseImagePattern, type ImagePattern } from '../image/pattern.ts';

/** A parameter has the right type and an invalid value. The loader adds file, line and column. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  /** Path below the check's own key. */
  readonly path: readonly (string | number)[];
  readonly hint: string;

  constructor(path: readonly (string | number)[], message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.hint = hint;
  }
}

/** The schema of a list of image patterns. */
export const imageList = z
  .array(z.string())
  .min(1, { message: 'an empty list selects no image; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' })
  .describe(
    'Registry and repository, whole segments: "*" within one, "**" for one or more, such as ghcr.io/acme/**.',
  );

/**
 * Parses a list of image patterns. `use` is `opens` if a match admits the image, and `closes` if it refuses the image.
 * @throws {ParameterError} for a pattern that is invalid or misleading, with its index
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

/**
 * The schema of a list of tags. A tag is compared as a whole and with its case; it has no wildcards.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export const tagList = z
  .array(
    z.string().regex(/^\w[\w.-]{0,127}$/, {
      message:
        'a tag has letters, digits, "_", "." and "-" only, at most 128 of them; wildcards are for allowedTags.pattern',
    }),
  )
  .min(1, { message: 'an empty list selects no tag; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' });
