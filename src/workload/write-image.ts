import {
  fieldsOf,
  isObject,
  renderPointer,
  valueAt,
  withValueAt,
  type Fields,
  type JsonPatchOperation,
} from '../document/json.ts';
import type { ImageLocation } from '../image/use.ts';

/** Why an image cannot be written at its location. */
type NotWritable =
  /** The location does not exist in the object. */
  | 'no-such-location'
  /** The image is a key of a map, and the map has the new key already. */
  | 'key-exists'
  /** Only the tag is in a field of its own, and the new image has another repository. */
  | 'other-repository'
  /** The field holds a tag or a digest, and the new image has both. */
  | 'tag-and-digest'
  /** The object has a repository without tags: there is no field for a tag or a digest. */
  | 'no-tag-field';

/** An object with another image. */
type ImageWrite =
  | {
      readonly kind: 'written';
      /** A copy that shares the unchanged parts with the original. */
      readonly object: Fields;
      /** The same change as a JSON Patch. */
      readonly patch: readonly JsonPatchOperation[];
    }
  | { readonly kind: 'not-writable'; readonly reason: NotWritable };

/**
 * Replaces an image of an object. Pure: the original stays unchanged. The result has the new image at the same location.
 * If the location is of kind `key`, the last key of its path becomes the new image.
 */
export function writeImage(object: Fields, location: ImageLocation, image: string): ImageWrite {
  switch (location.kind) {
    case 'value':
      return writeValue(object, location, image);
    case 'key':
      return renameKey(object, location, image);
    case 'tag': {
      const tag = tagOf(image, location.repository);
      if (tag.kind === 'not-writable') return tag;
      return writeValue(object, location, tag.text);
    }
    case 'repository':
      return notWritable('no-tag-field');
  }
}

/** The image of a repository with a tag or a digest. */
export function joinTag(repository: string, tag: string): string {
  return `${repository}${separatorOf(tag)}${tag}`;
}

/** Only a digest (`sha256:…`) has a colon. */
function separatorOf(tag: string): ':' | '@' {
  return tag.includes(':') ? '@' : ':';
}

function tagOf(
  image: string,
  repository: string,
): { readonly kind: 'tag'; readonly text: string } | NotWritten {
  const text = image.slice(repository.length + 1);
  const hasRepository = image.startsWith(`${repository}:`) || image.startsWith(`${repository}@`);
  if (!hasRepository || text === '') return notWritable('other-repository');
  return joinTag(repository, text) === image ? { kind: 'tag', text } : notWritable('tag-and-digest');
}

function writeValue(object: Fields, { path }: ImageLocation, text: string): ImageWrite {
  const key = path.at(-1);
  const parent = valueAt(object, path.slice(0, -1));
  if (key === undefined || typeof parent !== 'object' || parent === null)
    return notWritable('no-such-location');
  const exists = Object.hasOwn(parent, key);
  // In a template the reference of an image volume may be missing; it is added. A missing item of a list is not added.
  if (!exists && Array.isArray(parent)) return notWritable('no-such-location');
  return {
    kind: 'written',
    object: fieldsOf(withValueAt(object, path, text)),
    patch: [{ op: exists ? 'replace' : 'add', path: renderPointer(path), value: text }],
  };
}

function renameKey(object: Fields, { path }: ImageLocation, image: string): ImageWrite {
  const key = path.at(-1);
  const map = path.slice(0, -1);
  const parent = valueAt(object, map);
  if (typeof key !== 'string' || !isObject(parent) || !Object.hasOwn(parent, key))
    return notWritable('no-such-location');
  if (key === image) return { kind: 'written', object, patch: [] };
  if (Object.hasOwn(parent, image)) return notWritable('key-exists');
  const renamed = Object.entries(parent).map(
    ([other, value]) => [other === key ? image : other, value] as const,
  );
  return {
    kind: 'written',
    object: fieldsOf(withValueAt(object, map, Object.fromEntries(renamed))),
    patch: [{ op: 'move', from: renderPointer(path), path: renderPointer([...map, image]) }],
  };
}

type NotWritten = Extract<ImageWrite, { kind: 'not-writable' }>;

function notWritable(reason: NotWritable): NotWritten {
  return { kind: 'not-writable', reason };
}
