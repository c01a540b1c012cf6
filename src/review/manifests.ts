import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { CodedError } from '../coded-error.ts';
import { decodeUtf8 } from '../document/text.ts';
import { parseDocuments, type Region, type TextDocument } from '../document/yaml.ts';
import { readBounded } from '../file/bounded-file.ts';
import { isObject, type Fields, type Path } from '../document/json.ts';

/** Largest file, or standard input, in bytes. */
const MAX_INPUT_BYTES = 32 * 1024 * 1024;

/** Deepest nesting of lists in lists. */
const MAX_LIST_DEPTH = 8;

type ManifestErrorCode = 'FILE_UNREADABLE' | 'INPUT_TOO_LARGE' | 'NOT_AN_OBJECT';

/** A manifest cannot be read, or it contains no Kubernetes object. The message begins with the file. */
class ManifestError extends CodedError<ManifestErrorCode> {
  override readonly name = 'ManifestError';
}

/** The position of a field in a file. */
interface Location extends Region {
  readonly file: string;
}

/** One object of a file. */
interface Manifest {
  /** Path of the file, or `stdin`. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
  /** Returns the position of a field of this object. The empty path means the object itself. */
  readonly locate: (path: Path) => Location;
}

/**
 * Reads manifests. A file and standard input (`-`) must contain only Kubernetes objects. From a folder and its
 * subfolders, the `.yaml`, `.yml` and `.json` files are read, and other documents in them are skipped. A file may
 * have 32 MiB.
 * @throws {ManifestError} FILE_UNREADABLE, INPUT_TOO_LARGE or NOT_AN_OBJECT
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
export async function* readManifests(paths: readonly string[], stdin: Readable): AsyncGenerator<Manifest> {
  for (const path of paths) {
    if (path === '-') yield* parseManifests(await readAll(stdin), 'stdin', 'strict');
    else if ((await inspect(path)).isDirectory()) yield* readFolder(path);
    else yield* parseManifests(await readText(path), path, 'strict');
  }
}

async function* readFolder(folder: string): AsyncGenerator<Manifest> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    throw manifestUnreadable(folder, cause);
  });
  const files = entries.filter((entry) => !entry.isDirectory() && /\.(ya?ml|json)$/i.test(entry.name));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of paths) yield* parseManifests(await readText(path), path, 'lenient');
}

function* parseManifests(text: string, file: string, mode: 'strict' | 'lenient'): Generator<Manifest> {
  for (const document of parseDocuments(text, file, { mergeKeys: true })) {
    const type = typeOf(document.value);
    // A folder may also hold other files, such as Helm values. A file that the caller names must hold objects.
    if (mode === 'lenient' && type.kind === '') continue;
    // kubectl needs only a kind: it opens a List without apiVersion as well.
    const fallback = mode === 'lenient' && type.apiVersion === '' ? { apiVersion: 'v1' } : {};
    yield* openObject({ document, file }, [], document.value, { ...type, ...fallback }, 0);
  }
}

/** The type of an object; `''` for a field that the object does not have. */
interface Type {
  readonly apiVersion: string;
  readonly kind: string;
}

function typeOf(value: unknown): Type {
  const { apiVersion, kind } = isObject(value) ? value : {};
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
  };
}

/** The document and the file of an object. */
interface Origin {
  readonly document: TextDocument;
  readonly file: string;
}

function* openObject(
  origin: Origin,
  path: Path,
  object: unknown,
  type: Type,
  depth: number,
): Generator<Manifest> {
  const { document, file } = origin;
  const locate = (field: Path): Location => ({ file, ...document.locate([...path, ...field]) });
  if (!isObject(object) || type.apiVersion === '' || type.kind === '')
    throw notAnObject(locate([]), 'this is not a Kubernetes object: it has no apiVersion or no kind');
  // kubectl treats every object with items as a list. A kind that ends in List has no content of its own.
  const items: unknown = object['items'];
  if (!Array.isArray(items) || !type.kind.endsWith('List'))
    yield { file, ...type, object: { ...object, ...type }, locate };
  if (!Array.isArray(items)) return;
  if (depth >= MAX_LIST_DEPTH)
    throw notAnObject(locate([]), `lists are nested more than ${MAX_LIST_DEPTH} levels deep`);
  for (const [index, item] of items.entries())
    yield* openObject(origin, [...path, 'items', index], item, typeOfItem(item, type), depth + 1);
}

/** An item of a PodList that names no type is a Pod. */
function typeOfItem(item: unknown, { apiVersion, kind }: Type): Type {
  const own = typeOf(item);
  const hasNoType = own.apiVersion === '' && own.kind === '';
  return hasNoType ? { apiVersion, kind: kind.replace(/List$/, '') } : own;
}

function notAnObject({ file, line, column }: Location, sentence: string): ManifestError {
  return new ManifestError('NOT_AN_OBJECT', `${file}:${line}:${column}: ${sentence}`);
}

async function inspect(path: string): Promise<{ isDirectory(): boolean }> {
  try {
    return await stat(path);
  } catch (cause) {
    throw manifestUnreadable(path, cause);
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readBounded(path, MAX_INPUT_BYTES).catch((cause: unknown) => {
    throw manifestUnreadable(path, cause);
  });
  if (bytes === undefined) throw tooLarge(path);
  return decodeUtf8(bytes, path);
}

async function readAll(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > MAX_INPUT_BYTES) throw tooLarge('stdin');
    chunks.push(buffer);
  }
  return decodeUtf8(Buffer.concat(chunks), 'stdin');
}

function tooLarge(path: string): ManifestError {
  return new ManifestError('INPUT_TOO_LARGE', `${path}: input has more than ${MAX_INPUT_BYTES} bytes`);
}

function manifestUnreadable(path: string, cause: unknown): ManifestError {
  return new ManifestError(
    'FILE_UNREADABLE',
    `${path}: it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
