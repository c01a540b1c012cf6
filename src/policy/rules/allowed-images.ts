import * as z from 'zod';
import { PatternList } from '../../image/pattern-index.ts';
import { TEXT_MAX } from '../../image/grammar.ts';
import { imageName, quote } from '../../image/quote.ts';
import { canonicalName } from '../../image/reference.ts';
import { objection } from '../../language/objection.ts';
import type { RuleKind } from '../rule.ts';
import { imageList, parseImageList } from '../parameters.ts';

/** Admits only images that match one of the patterns. */
export const allowedImages = {
  key: 'allowedImages',
  namesImages: true,
  parameters: z
    .strictObject({ images: imageList })
    .describe('The only images that are allowed, with any tag or digest.'),
  prepare: async ({ images }, { shortNames }) => {
    const patterns = await parseImageList(images, 'opens');
    const allowed = new PatternList(patterns, shortNames === 'Refuse');
    return (image) => {
      if (allowed.matches(image)) return undefined;
      if (shortNames === 'Refuse' && allowed.matches({ ...image, fullyQualified: true }))
        return objection('IMAGE_NOT_ALLOWED.short-name', { name: quote(canonicalName(image), TEXT_MAX) });
      return objection('IMAGE_NOT_ALLOWED.elsewhere', { name: imageName(image) });
    };
  },
} satisfies RuleKind<{ images: string[] }>;
