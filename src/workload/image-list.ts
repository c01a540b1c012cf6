import { quote } from '../image/quote.ts';
import type { Path } from '../document/json.ts';
import { renderPath, type ImageLocation, type ImageUse, type Usage } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';

/** Maximum number of images of one object. Real pods have far fewer, and judging this many takes little time (F19). */
export const MAX_IMAGES = 500;

/** Maximum number of characters of a path in a message. */
const FIELD_CHARACTERS = 128;

/** The images of one object. The order is fixed: containers, init containers, ephemeral containers, volumes. */
export interface ImageList {
  readonly kind: 'list';
  readonly uses: readonly ImageUse[];
  /** Images of a template that a controller fills in later. */
  readonly placeholders: readonly ImageUse[];
  /**
   * Identifies an image of this list. It is the same in another version of the object, even if the lists have another
   * order. `compareImages` uses it.
   */
  readonly identify: (use: ImageUse) => string;
}

/** Stable codes for an object that is refused because of its form. docs/errors.md lists them with their remedies. */
export type SubjectErrorCode = 'MALFORMED_OBJECT' | 'UNSUPPORTED_KIND' | 'TOO_MANY_IMAGES';

/** An object of a covered kind whose images cannot be read. It is refused (A03, A16). */
export interface UnreadableObject extends Objection<SubjectErrorCode> {
  readonly kind: 'unreadable';
  readonly field: string;
  /** The path of the field in the object; `undefined` if the field is not in the object. */
  readonly path?: Path;
}

/** Collects the images of one object. */
export interface ImageCollector {
  /** Whether the object is a template. In a template a controller may fill in an image later. */
  readonly template: boolean;
  /** Whether the object is a custom resource. Each of its fields may be missing. */
  readonly isCustom: boolean;
  readonly uses: ImageUse[];
  readonly placeholders: ImageUse[];
}

/**
 * Adds an image. If the value is not an image, returns the refusal of the object. Null, an empty text and a missing field
 * are the same, because the API server leaves out an empty text.
 */
export function addUse(
  found: ImageCollector,
  location: ImageLocation,
  usage: Usage,
  name: unknown,
  value: unknown,
): UnreadableObject | undefined {
  const image = value ?? '';
  if (typeof image !== 'string') return noImage(location.path, usage, name, image);
  // In a custom resource each field may be missing. In a template a controller may fill in the reference of a volume.
  if (image === '' && found.isCustom) return undefined;
  if (image === '' && !(found.template && usage === 'imageVolume'))
    return noImage(location.path, usage, name, undefined);
  const count = found.uses.length + found.placeholders.length;
  if (count >= MAX_IMAGES) return tooMany(location.path, count + 1);
  const use: ImageUse = { location, usage, container: textOf(name), image };
  if (found.template && isPlaceholder(image)) found.placeholders.push(use);
  else found.uses.push(use);
  return undefined;
}

/** A text that is not empty, otherwise `undefined`. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether the text is a placeholder, which only a template may have: Istio's `auto`, OpenShift's space, a variable of Tekton or Argo. */
function isPlaceholder(image: string): boolean {
  return image === 'auto' || image === ' ' || image === '' || image.includes('$(') || image.includes('{{');
}

/** The fault of a field whose value does not have the type that its kind defines. */
type Misshape = 'missing' | 'null' | 'empty' | 'no-object' | 'no-list' | 'no-string';

/** The refusal of an object with such a field. */
export function misshapen(path: Path, what: Misshape): UnreadableObject {
  const field = renderPath(path);
  return {
    kind: 'unreadable',
    field,
    path,
    ...objection(`MALFORMED_OBJECT.${what}`, { field: fieldName(field) }),
  };
}

/** The refusal of an object with a container or a volume whose image is missing or is no text. */
function noImage(path: Path, usage: Usage, name: unknown, value: unknown): UnreadableObject {
  const field = renderPath(path);
  const container = textOf(name);
  const shown =
    container === undefined
      ? fieldName(field)
      : phrase(usage === 'imageVolume' ? 'words.field-of-volume' : 'words.field-of-container', {
          field: fieldName(field),
          name: quote(container),
        });
  return { kind: 'unreadable', field, path, ...noImageObjection(shown, value) };
}

function noImageObjection(field: Shown | Phrase, value: unknown): Objection<'MALFORMED_OBJECT'> {
  if (value === undefined) return objection('MALFORMED_OBJECT.no-image', { field });
  // YAML reads 1.20 and true without quotes as a number and a boolean.
  if (typeof value === 'number' || typeof value === 'boolean')
    return objection('MALFORMED_OBJECT.no-text', { field, value: quote(String(value)) });
  return objection('MALFORMED_OBJECT.no-string', { field });
}

/** The refusal of an object with more nested parts than are read. */
export function tooDeep(path: Path, max: number): UnreadableObject {
  const field = renderPath(path);
  const reason = objection('MALFORMED_OBJECT.too-deep', { field: fieldName(field), max });
  return { kind: 'unreadable', field, path, ...reason };
}

/** The refusal of an object with more images than are judged. */
export function tooMany(path: Path, count: number): UnreadableObject {
  const field = renderPath(path);
  const reason = objection('TOO_MANY_IMAGES.object', { field: fieldName(field), count, max: MAX_IMAGES });
  return { kind: 'unreadable', field, path, ...reason };
}

function fieldName(field: string): Shown {
  return quote(field, FIELD_CHARACTERS);
}

/** The images of an object: those that its old version has too, and the others. */
interface ImageChanges {
  readonly changed: readonly ImageUse[];
  readonly kept: readonly ImageUse[];
}

/**
 * Compares the images of two versions of an object by their identity: list and container name. If two containers swap
 * their images, both images are changed (A09). An image that moves to another list is changed too (A10).
 */
export function compareImages(now: ImageList, old: ImageList): ImageChanges {
  const before = new Map<string, string | undefined>();
  for (const use of old.uses) {
    const place = old.identify(use);
    // Two images of the old object have this identity. Neither counts as unchanged.
    before.set(place, before.has(place) ? undefined : use.image);
  }
  const changed: ImageUse[] = [];
  const kept: ImageUse[] = [];
  for (const use of now.uses) (before.get(now.identify(use)) === use.image ? kept : changed).push(use);
  return { changed, kept };
}
