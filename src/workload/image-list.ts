import { quote } from '../image/quote.ts';
import type { Path } from '../document/json.ts';
import { renderPath, type ImageLocation, type ImageUse, type Usage } from '../image/use.ts';
import { objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import type { Unreadable } from './unreadable.ts';

/** Most images that one object may hold: far above any real pod, far below what would cost time (F19). */
export const MAX_IMAGES = 500;

/** As much of a path as a message repeats. */
const FIELD_CHARACTERS = 128;

/** The images of one object, in the order in which a person reads them. */
export interface ImageList {
  readonly kind: 'list';
  readonly uses: readonly ImageUse[];
  /** Places of a template that some controller fills in later. */
  readonly placeholders: readonly ImageUse[];
  /**
   * Names an image of this list in the same way in another version of the object, whatever the order of its lists.
   * `change.ts` compares two versions by it.
   */
  readonly identify: (use: ImageUse) => string;
}

/** Images as they are found. */
export interface Found {
  /** Its pods come later, so that what a controller fills in is no fault. */
  readonly template: boolean;
  /** A custom resource, whose fields may all be missing. */
  readonly isCustom: boolean;
  readonly uses: ImageUse[];
  readonly placeholders: ImageUse[];
}

/** Takes an image down, or says why it is none. */
export function addUse(
  found: Found,
  location: ImageLocation,
  usage: Usage,
  name: unknown,
  image: unknown,
): Unreadable | undefined {
  if (typeof image !== 'string') {
    if (image === undefined && found.isCustom) return undefined;
    return unreadable(location.path, image === undefined ? 'missing' : 'no-string');
  }
  if (image === '' && !(found.isCustom && found.template)) return unreadable(location.path, 'empty');
  const count = found.uses.length + found.placeholders.length;
  if (count >= MAX_IMAGES) return tooMany(location.path, count + 1);
  const use: ImageUse = { location, usage, container: typeof name === 'string' ? name : undefined, image };
  if (found.template && isPlaceholder(image)) found.placeholders.push(use);
  else found.uses.push(use);
  return undefined;
}

/** Text that only a template may hold: Istio's `auto`, OpenShift's blank, Tekton's and Argo's variables. */
function isPlaceholder(image: string): boolean {
  return image === 'auto' || image === ' ' || image === '' || image.includes('$(') || image.includes('{{');
}

/** What a field is not, or is instead. */
export type Misshape = 'missing' | 'null' | 'empty' | 'no-object' | 'no-list' | 'no-string';

/** An object that does not have the shape of its kind. */
export function unreadable(path: Path, what: Misshape): Unreadable {
  const field = renderPath(path);
  return { kind: 'unreadable', field, ...objection(`MALFORMED_OBJECT.${what}`, { field: fieldName(field) }) };
}

/** Parts within parts, more of them than are read. */
export function tooDeep(path: Path, max: number): Unreadable {
  const field = renderPath(path);
  const reason = objection('MALFORMED_OBJECT.too-deep', { field: fieldName(field), max });
  return { kind: 'unreadable', field, ...reason };
}

/** More images than are judged. */
export function tooMany(path: Path, count: number): Unreadable {
  const field = renderPath(path);
  const reason = objection('TOO_MANY_IMAGES.object', { field: fieldName(field), count, max: MAX_IMAGES });
  return { kind: 'unreadable', field, ...reason };
}

function fieldName(field: string): Shown {
  return quote(field, FIELD_CHARACTERS);
}
