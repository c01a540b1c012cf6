import type { ImageUse } from '../image/use.ts';

/** The images of an object, parted by whether its old version held them at the same place. */
export interface Change {
  readonly changed: readonly ImageUse[];
  readonly kept: readonly ImageUse[];
}

/**
 * Parts images by place: the list and the name of the container, so that two containers that swap images have
 * changed both (A09), and an image that moves to another list is judged anew (A10).
 */
export function findChange(uses: readonly ImageUse[], oldUses: readonly ImageUse[]): Change {
  const before = new Map<string, string | undefined>();
  for (const use of oldUses) {
    const place = placeOf(use);
    // A place that two entries claim is no place: nothing counts as kept there.
    before.set(place, before.has(place) ? undefined : use.image);
  }
  const changed: ImageUse[] = [];
  const kept: ImageUse[] = [];
  for (const use of uses) (before.get(placeOf(use)) === use.image ? kept : changed).push(use);
  return { changed, kept };
}

function placeOf(use: ImageUse): string {
  return `${use.usage}/${use.container}`;
}
