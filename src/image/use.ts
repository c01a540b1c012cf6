import type { Path } from '../document/json.ts';
import { quote } from './quote.ts';

/** The list of a `PodSpec` that has the image; `imageVolume` is `volumes[].image.reference` (KEP-4639). */
export const USAGES = ['container', 'initContainer', 'ephemeralContainer', 'imageVolume'] as const;

export type Usage = (typeof USAGES)[number];

/** The location of an image in an object. `workload/write-image.ts` writes another image there. */
export type ImageLocation =
  /** The value at `path` is the image. */
  | { readonly kind: 'value'; readonly path: Path }
  /** The last key of `path` is the image. */
  | { readonly kind: 'key'; readonly path: Path }
  /** The value at `path` is the tag or the digest of the image. The repository is elsewhere; other tags share it. */
  | { readonly kind: 'tag'; readonly path: Path; readonly repository: string }
  /** The value, or the last key, of `path` is a repository without tags. There is no field for a tag. */
  | { readonly kind: 'repository'; readonly path: Path };

/**
 * An image and its location in an object. A value that the protocol does not contain is `undefined`: an `ImageReview` has
 * images without location, usage and container.
 */
export interface ImageUse {
  readonly location: ImageLocation | undefined;
  readonly usage: Usage | undefined;
  /** Name of the container, or of the volume for an `imageVolume`. */
  readonly container: string | undefined;
  /** The text of the reference in the object. It is not parsed. */
  readonly image: string;
}

/** Maximum number of characters of a key in a rendered path. */
const KEY_CHARACTERS = 253;

/** The field of an image, for messages: `spec.template.spec.initContainers[0].image`. */
export function fieldOf({ location }: ImageUse): string | undefined {
  return location && renderPath(location.path);
}

/** A path, for messages. A key that is not a word is quoted and cut, as in `spec["odd key"]`. */
export function renderPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (!/^[\w-]{1,63}$/.test(key)) text += `[${JSON.stringify(quote(key, KEY_CHARACTERS))}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}
