import { isDeepStrictEqual } from 'node:util';
import { valueAt, type Path } from './json.ts';
import { removeNode, setNode } from './splice.ts';
import { parseDocuments } from './yaml.ts';

/** One change of a document. */
export type Edit =
  /**
   * Replaces a value, or adds it: a key at the end of its map, an item at the end of its list. Missing maps and lists on
   * the way are created.
   */
  | { readonly kind: 'set'; readonly path: Path; readonly value: unknown }
  /** Removes a value, and the maps and lists that become empty by the removal. */
  | { readonly kind: 'remove'; readonly path: Path };

type EditErrorCode = 'DOCUMENT_NOT_EDITABLE';

/** The document cannot be changed in place. The message begins with `file:line:column`. */
export class EditError extends Error {
  override readonly name = 'EditError';
  readonly code: EditErrorCode = 'DOCUMENT_NOT_EDITABLE';
}

/**
 * Changes the only document of a text. The rest of the text stays as it is: order, comments, quotes and line ends. The
 * result is parsed again and compared with the expected value.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {EditError} DOCUMENT_NOT_EDITABLE if there is not exactly one document, or if the part is shared by aliases.
 */
export function editDocument(text: string, file: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const second = parseDocuments(text, file)[1];
  if (second !== undefined)
    throw new EditError(
      `${file}:${second.positionOf([])}: a second document begins here (keep one document per file)`,
    );
  return editDocuments(
    text,
    file,
    edits.map((edit) => ({ ...edit, document: 0 })),
  );
}

/** An {@link Edit} of one document of a text. */
type DocumentEdit = Edit & {
  /** The index of the document as {@link parseDocuments} returns it. */
  readonly document: number;
};

/**
 * Changes documents of a text, as {@link editDocument} does. The other documents stay unchanged.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {EditError} DOCUMENT_NOT_EDITABLE if a document does not exist, or if the part is shared by aliases.
 */
export function editDocuments(text: string, file: string, edits: readonly DocumentEdit[]): string {
  return edits.reduce((current, edit) => applyEdit(current, file, edit), text);
}

function applyEdit(text: string, file: string, { document: index, ...edit }: DocumentEdit): string {
  const documents = parseDocuments(text, file);
  const document = documents[index];
  if (document === undefined) throw new EditError(`${file}:1:1: the document is empty`);
  const { value: before } = document;
  const step = edit.kind === 'set' ? widen(before, edit) : narrow(before, edit);
  if (step === undefined) return text;
  const expected = documents.map(({ value }) => value).with(index, change(before, step));
  const changed =
    step.kind === 'set' ? setNode(text, step.path, step.value, index) : removeNode(text, step.path, index);
  if (changed === undefined || !hasValues(changed, file, expected)) {
    throw new EditError(
      `${file}:${document.positionOf(edit.path)}: this part cannot be changed alone, because it is shared or has an unusual syntax (write it in block style, without anchors)`,
    );
  }
  return changed;
}

function hasValues(text: string, file: string, expected: readonly unknown[]): boolean {
  try {
    return isDeepStrictEqual(
      parseDocuments(text, file).map(({ value }) => value),
      expected,
    );
  } catch {
    // A result that cannot be parsed is wrong, too.
    return false;
  }
}

/** The same change at the first key of the path that is missing. Its value has the rest of the path. */
function widen(root: unknown, { path, value }: Edit & { kind: 'set' }): Edit | undefined {
  const depth = path.findIndex((_, index) => !isContainer(valueAt(root, path.slice(0, index + 1))));
  const end = depth === -1 ? path.length : depth + 1;
  const whole = path
    .slice(end)
    .reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);
  const shortened = path.slice(0, end);
  return isDeepStrictEqual(valueAt(root, shortened), whole)
    ? undefined
    : { kind: 'set', path: shortened, value: whole };
}

/** The same change at the last part of the path that has other content too. */
function narrow(root: unknown, { path }: Edit & { kind: 'remove' }): Edit | undefined {
  if (valueAt(root, path) === undefined) return undefined;
  let end = path.length;
  while (end > 1 && sizeOf(valueAt(root, path.slice(0, end - 1))) === 1) end -= 1;
  return { kind: 'remove', path: path.slice(0, end) };
}

function change(root: unknown, edit: Edit): unknown {
  const copy = copyOf(root);
  const parent = valueAt(copy, edit.path.slice(0, -1));
  const key = edit.path.at(-1);
  if (!isContainer(parent) || key === undefined) return undefined;
  if (edit.kind === 'set') Reflect.set(parent, key, edit.value);
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
  return copy;
}

/** A copy in which aliases share nothing. A structured clone would keep shared parts shared and hide a change of all of them. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isContainer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sizeOf(value: unknown): number {
  return isContainer(value) ? Object.keys(value).length : 0;
}
