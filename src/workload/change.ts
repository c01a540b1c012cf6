import type { ImageUse } from '../image/use.ts';
import type { ImageList } from './image-list.ts';

/** The images of an object, parted by whether its old version held them at the same place. */
export interface Change {
  readonly changed: readonly ImageUse[];
  readonly kept: readonly ImageUse[];
}

/**
 * Parts images by place: the list and the name of the container, so that two containers that swap images have
 * changed both (A09), and an image that moves to another list is judged anew (A10).
 */
export function findChange(now: ImageList, old: ImageList): Change {
  const before = new Map<string, string | undefined>();
  for (const use of old.uses) {
    const place = old.identify(use);
    // A place that two entries claim is no place: nothing counts as kept there.
    before.set(place, before.has(place) ? undefined : use.image);
  }
  const changed: ImageUse[] = [];
  const kept: ImageUse[] = [];
  for (const use of now.uses) (before.get(now.identify(use)) === use.image ? kept : changed).push(use);
  return { changed, kept };
}
