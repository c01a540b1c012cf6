import * as z from 'zod';
import { PatternList } from '../../image/pattern-index.ts';
import { imageName } from '../../image/quote.ts';
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
  prepare: async ({ images }) => {
    const allowed = new PatternList(await parseImageList(images, 'opens'));
    return (image) => {
      if (allowed.matches(image)) return undefined;
      return objection('IMAGE_NOT_ALLOWED.elsewhere', { name: imageName(image) });
    };
  },
} satisfies RuleKind<{ images: string[] }>;
