import * as z from 'zod';

/**
 * Tags as a policy lists them: whole, case-sensitive, no wildcards.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export const tagList = z
  .array(
    z.string().regex(/^\w[\w.-]{0,127}$/, {
      message:
        'a tag has letters, digits, "_", "." and "-" only, at most 128 of them; wildcards are for allowedTags.pattern',
    }),
  )
  .min(1, { message: 'an empty list is about no tag at all; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' });
