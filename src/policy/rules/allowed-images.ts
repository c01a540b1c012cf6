import * as z from 'zod';
import { matchesImage } from '../../image/pattern.ts';
import type { RuleKind } from '../rule.ts';
import { imageList, parseImageList } from '../image-list.ts';

/** Admits only images that one of the patterns names. */
export const allowedImages = {
  key: 'allowedImages',
  summary: 'the image is not one of these',
  parameters: z
    .strictObject({ images: imageList })
    .describe('The only images that are allowed, whatever their tag or digest.'),
  facts: [],
  prepare: ({ images }) => {
    const allowed = parseImageList(images, 'opens');
    return (image) => {
      if (allowed.some((pattern) => matchesImage(pattern, image))) return undefined;
      const reason = `${image.registry}/${image.repository} is not an allowed image`;
      return {
        code: 'IMAGE_NOT_ALLOWED',
        reason,
        remedy: 'use an image from an allowed registry and repository',
      };
    };
  },
} satisfies RuleKind<{ images: string[] }>;
