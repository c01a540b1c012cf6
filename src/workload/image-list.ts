import { quote } from '../image/quote.ts';
import type { Path } from '../document/json.ts';
import { renderPath, type ImageLocation, type ImageUse, type Usage } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';

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
   * `compareImages` uses it.
   */
  readonly identify: (use: ImageUse) => string;
}

/** Stable codes of an object that is refused because of its form. docs/errors.md lists them with their remedies. */
export type SubjectErrorCode = 'MALFORMED_OBJECT' | 'UNSUPPORTED_KIND' | 'TOO_MANY_IMAGES';

/** An object of a kind that we cover and cannot read: refused (A03, A16). */
export interface UnreadableObject extends Objection<SubjectErrorCode> {
  readonly kind: 'unreadable';
  readonly field: string;
}

/** Images as they are found. */
export interface ImageCollector {
  /** Its pods come later, so that what a controller fills in is no fault. */
  readonly template: boolean;
  /** A custom resource, whose fields may all be missing. */
  readonly isCustom: boolean;
  readonly uses: ImageUse[];
  readonly placeholders: ImageUse[];
}

/** Takes an image down, or says why it is none. */
export function addUse(
  found: ImageCollector,
  location: ImageLocation,
  usage: Usage,
  name: unknown,
  image: unknown,
): UnreadableObject | undefined {
  if (typeof image !== 'string') {
    if (image === undefined && found.isCustom) return undefined;
    return misshapen(location.path, image === undefined ? 'missing' : 'no-string');
  }
  if (image === '' && !(found.isCustom && found.template)) return misshapen(location.path, 'empty');
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
export function misshapen(path: Path, what: Misshape): UnreadableObject {
  const field = renderPath(path);
  return { kind: 'unreadable', field, ...objection(`MALFORMED_OBJECT.${what}`, { field: fieldName(field) }) };
}

/** Parts within parts, more of them than are read. */
export function tooDeep(path: Path, max: number): UnreadableObject {
  const field = renderPath(path);
  const reason = objection('MALFORMED_OBJECT.too-deep', { field: fieldName(field), max });
  return { kind: 'unreadable', field, ...reason };
}

/** More images than are judged. */
export function tooMany(path: Path, count: number): UnreadableObject {
  const field = renderPath(path);
  const reason = objection('TOO_MANY_IMAGES.object', { field: fieldName(field), count, max: MAX_IMAGES });
  return { kind: 'unreadable', field, ...reason };
}

function fieldName(field: string): Shown {
  return quote(field, FIELD_CHARACTERS);
}

/** The images of an object, parted by whether its old version held them at the same place. */
export interface ImageChanges {
  readonly changed: readonly ImageUse[];
  readonly kept: readonly ImageUse[];
}

/**
 * Parts images by place: the list and the name of the container, so that two containers that swap images have
 * changed both (A09), and an image that moves to another list is judged anew (A10).
 */
export function compareImages(now: ImageList, old: ImageList): ImageChanges {
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
