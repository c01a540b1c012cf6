import * as z from 'zod';
import { PatternList } from '../../image/pattern-index.ts';
import { imageName } from '../../image/quote.ts';
import { objection } from '../../language/objection.ts';
import type { Check, RuleKind } from '../rule.ts';
import { imageList, parseImageList } from '../parameters.ts';

/** Refuses images that match one of the patterns, whichever name of their registry they use. */
export const disallowedImages = {
  key: 'disallowedImages',
  parameters: z
    .strictObject({ images: imageList })
    .describe('Images that are refused, with any tag or digest.'),
  prepare: async ({ images }) => {
    const disallowed = new PatternList(await parseImageList(images, 'closes'));
    const check: Check = (image) =>
      disallowed.matches(image) ? objection('DISALLOWED_IMAGE.named', { name: imageName(image) }) : undefined;
    return Object.assign(check, { only: disallowed.patterns });
  },
} satisfies RuleKind<{ images: string[] }>;
