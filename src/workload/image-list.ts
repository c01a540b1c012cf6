import { quote } from '../image/quote.ts';
import type { ImageUse, Usage } from '../image/use.ts';
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
  /** Where an image of this list stands, whatever the order of the lists around it. */
  readonly placeOf: (use: ImageUse) => string;
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
  field: string,
  usage: Usage,
  name: unknown,
  image: unknown,
): Unreadable | undefined {
  if (typeof image !== 'string') {
    if (image === undefined && found.isCustom) return undefined;
    return unreadable(field, image === undefined ? 'missing' : 'no-string');
  }
  if (image === '' && !(found.isCustom && found.template)) return unreadable(field, 'empty');
  const count = found.uses.length + found.placeholders.length;
  if (count >= MAX_IMAGES) return tooMany(field, count + 1);
  const use: ImageUse = { field, usage, container: typeof name === 'string' ? name : undefined, image };
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
export function unreadable(field: string, what: Misshape): Unreadable {
  return { kind: 'unreadable', field, ...objection(`MALFORMED_OBJECT.${what}`, { field: fieldName(field) }) };
}

/** Parts within parts, more of them than are read. */
export function tooDeep(field: string, max: number): Unreadable {
  const reason = objection('MALFORMED_OBJECT.too-deep', { field: fieldName(field), max });
  return { kind: 'unreadable', field, ...reason };
}

/** More images than are judged. */
export function tooMany(field: string, count: number): Unreadable {
  const reason = objection('TOO_MANY_IMAGES.object', { field: fieldName(field), count, max: MAX_IMAGES });
  return { kind: 'unreadable', field, ...reason };
}

function fieldName(field: string): Shown {
  return quote(field, FIELD_CHARACTERS);
}
