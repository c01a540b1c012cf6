import assert from 'node:assert/strict';
import { isObject, valueAt, type Fields, type JsonPatchOperation } from '../../src/document/json.ts';
import type { ImageLocation, ImageUse } from '../../src/image/use.ts';
import { findImages } from '../../src/workload/images.ts';
import type { KnownKind } from '../../src/workload/kinds.ts';
import { writeImage } from '../../src/workload/write-image.ts';

const NEW_DIGEST = `sha256:${'c'.repeat(64)}`;
const NEW_IMAGE = `registry.example.com/written/app@${NEW_DIGEST}`;

/**
 * Checks each image of an object: its location contains its text, and another image can be written there, both in a
 * copy and with the JSON Patch. Returns the number of checked images.
 */
export function checkWrites(kind: KnownKind, object: Fields): number {
  const { uses, placeholders } = imagesOf(kind, object);
  const before = structuredClone(object);
  for (const use of uses) {
    assert.equal(textAt(object, locationOf(use)), use.image);
    checkWrite(kind, object, use, uses);
  }
  for (const use of placeholders) checkWrite(kind, object, use, [...uses, use]);
  assert.deepEqual(object, before, 'the original is unchanged');
  return uses.length + placeholders.length;
}

function checkWrite(kind: KnownKind, object: Fields, use: ImageUse, all: readonly ImageUse[]): void {
  const location = locationOf(use);
  const image = location.kind === 'tag' ? `${location.repository}@${NEW_DIGEST}` : NEW_IMAGE;
  const written = writeImage(object, location, image);
  if (location.kind === 'repository') {
    assert.deepEqual(written, { kind: 'not-writable', reason: 'no-tag-field' });
    return;
  }
  assert.ok(written.kind === 'written', JSON.stringify({ use, written }));
  // Sorted, because a placeholder becomes an image and may then have another position.
  const textsOf = (list: readonly ImageUse[]): string[] =>
    list.map((one) => `${one.usage} ${one.image}`).sort();
  assert.deepEqual(
    textsOf(imagesOf(kind, written.object).uses),
    textsOf(all.map((one) => (one === use ? { ...use, image } : one))),
  );
  assert.equal(textAt(written.object, moved(location, image)), image);
  assert.deepEqual(applyPatch(object, written.patch), written.object);
}

function imagesOf(kind: KnownKind, object: Fields) {
  const images = findImages(kind, object);
  assert.ok(images.kind === 'list', JSON.stringify(images));
  return images;
}

function locationOf({ location }: ImageUse): ImageLocation {
  assert.ok(location !== undefined);
  return location;
}

/** The location of the image after it was written. If the image is a key, the key has changed. */
function moved(location: ImageLocation, image: string): ImageLocation {
  return location.kind === 'key' ? { kind: 'key', path: [...location.path.slice(0, -1), image] } : location;
}

function textAt(object: Fields, location: ImageLocation): unknown {
  const { kind, path } = location;
  const parent = valueAt(object, path.slice(0, -1));
  const last = path.at(-1);
  const value = valueAt(object, path);
  // A repository without tags is either the value or the key.
  if (kind === 'value' || (kind === 'repository' && typeof value === 'string')) return value;
  if (kind === 'tag')
    return [`${location.repository}:`, `${location.repository}@`][Number(isDigest(value))] + String(value);
  assert.ok(isObject(parent) && typeof last === 'string' && Object.hasOwn(parent, last));
  return last;
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('sha256:');
}

/** RFC 6902, as far as the gate uses it. Written only for this test. */
export function applyPatch(document: unknown, patch: readonly JsonPatchOperation[]): unknown {
  return patch.reduce<unknown>((current, operation) => {
    if (operation.op !== 'move') return put(current, keysOf(operation.path), operation.value, operation.op);
    const value = keysOf(operation.from).reduce<unknown>(
      (inner, key) => Reflect.get(inner as object, key),
      current,
    );
    return put(remove(current, keysOf(operation.from)), keysOf(operation.path), value, 'add');
  }, document);
}

/** @see https://www.rfc-editor.org/rfc/rfc6901#section-4 */
function keysOf(pointer: string): string[] {
  assert.ok(pointer === '' || pointer.startsWith('/'));
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function put(
  parent: unknown,
  [key, ...rest]: readonly string[],
  value: unknown,
  op: 'add' | 'replace',
): unknown {
  if (key === undefined) return value;
  assert.ok(typeof parent === 'object' && parent !== null, `nothing at ${key}`);
  const exists = Object.hasOwn(parent, key);
  assert.ok(exists || (op === 'add' && rest.length === 0), `${op}: ${key} does not exist`);
  const inner = put(exists ? Reflect.get(parent, key) : undefined, rest, value, op);
  if (Array.isArray(parent))
    return parent.map((item: unknown, index) => (String(index) === key ? inner : item));
  const others = Object.entries(parent).filter(([other]) => other !== key);
  return Object.fromEntries([...others, [key, inner]]);
}

function remove(parent: unknown, [key = '', ...rest]: readonly string[]): unknown {
  assert.ok(
    typeof parent === 'object' && parent !== null && Object.hasOwn(parent, key),
    `${key} does not exist`,
  );
  if (rest.length > 0) return put(parent, [key], remove(Reflect.get(parent, key), rest), 'replace');
  return Object.fromEntries(Object.entries(parent).filter(([other]) => other !== key));
}
