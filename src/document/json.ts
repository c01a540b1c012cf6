/** An object of a JSON document. Its fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The path from the root of a document to one of its values: keys of objects, and indices of lists from 0. */
export type Path = readonly (string | number)[];

/** Whether a value of a JSON document is an object: not a list, not `null`. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of a value. A value that is not an object has none. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** The value at a path; `undefined` if the document has no such value. Inherited properties are not values. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key) as unknown;
  }
  return value;
}

/**
 * A copy of a document with another value at a path. It shares the unchanged parts with the original. A list or an
 * object on the way must exist; the last key may be new.
 * @throws {TypeError} if a value on the path is neither a list nor an object.
 */
export function withValueAt(root: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof root !== 'object' || root === null) throw new TypeError(`no list or object contains ${key}`);
  const inner = withValueAt(Object.hasOwn(root, key) ? Reflect.get(root, key) : undefined, rest, value);
  if (Array.isArray(root)) return root.with(Number(key), inner);
  return { ...root, [key]: inner };
}

/**
 * A path as a JSON Pointer: `['spec', 'a/b', 0]` is `/spec/a~1b/0`, and `[]` is `''`.
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function renderPointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * One operation of a JSON Patch; `path` and `from` are JSON Pointers.
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'move'; readonly from: string; readonly path: string };
