import * as z from 'zod';
import { matchesImage } from '../../image/pattern.ts';
import { imageName } from '../../image/quote.ts';
import { objection } from '../../language/objection.ts';
import type { RuleKind } from '../rule.ts';
import { imageList, parseImageList } from '../parameters.ts';

/** Refuses images that match one of the patterns, whichever name of their registry they use. */
export const disallowedImages = {
  key: 'disallowedImages',
  parameters: z
    .strictObject({ images: imageList })
    .describe('Images that are refused, with any tag or digest.'),
  prepare: async ({ images }) => {
    const disallowed = await parseImageList(images, 'closes');
    return (image) => {
      if (!disallowed.some((pattern) => matchesImage(pattern, image))) return undefined;
      return objection('DISALLOWED_IMAGE.named', { name: imageName(image) });
    };
  },
} satisfies RuleKind<{ images: string[] }>;
