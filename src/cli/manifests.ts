import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { decodeUtf8 } from '../document/text.ts';
import { parseDocuments, type TextDocument } from '../document/yaml.ts';
import { readBounded } from '../file/bounded-file.ts';
import { isObject, type Fields, type Path } from '../document/json.ts';
import { SettingsError } from './settings-error.ts';

/** Largest file, or standard input, in bytes. */
const MAX_INPUT_BYTES = 32 * 1024 * 1024;

/** Lists may hold lists, but not for ever. */
const MAX_LIST_DEPTH = 8;

/** An object as somebody wrote it, and where. */
export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
  /** `file:line:column` of a value of this object. */
  readonly positionOf: (path: Path) => string;
}

/**
 * Reads manifests: of files and standard input (`-`) every object, of folders those of `.yaml`, `.yml` and
 * `.json` files that look like Kubernetes objects.
 * @throws {SettingsError} FILE_UNREADABLE, INPUT_TOO_LARGE or NOT_AN_OBJECT
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
    throw unreadable(folder, cause);
  });
  const files = entries.filter((entry) => !entry.isDirectory() && /\.(ya?ml|json)$/i.test(entry.name));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of paths) yield* parseManifests(await readText(path), path, 'lenient');
}

function* parseManifests(text: string, file: string, mode: 'strict' | 'lenient'): Generator<Manifest> {
  for (const document of parseDocuments(text, file, { mergeKeys: true })) {
    const type = typeOf(document.value);
    // A folder also holds values files and the like; what is named on the command line must be an object.
    if (mode === 'lenient' && type.kind === '') continue;
    // A kind is all that kubectl asks for: it opens a List without apiVersion as well.
    const fallback = mode === 'lenient' && type.apiVersion === '' ? { apiVersion: 'v1' } : {};
    yield* openObject({ document, file }, [], document.value, { ...type, ...fallback }, 0);
  }
}

/** What an object is called; empty is what it does not say. */
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

/** Where an object was read. */
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
  const positionOf = (inner: Path): string => `${file}:${document.positionOf([...path, ...inner])}`;
  if (!isObject(object) || type.apiVersion === '' || type.kind === '')
    throw notAnObject(positionOf([]), 'this is no Kubernetes object: it has no apiVersion and kind');
  // Whatever has items is a list to kubectl; List in its kind says no more than that there is nothing else in it.
  const items: unknown = object['items'];
  if (!Array.isArray(items) || !type.kind.endsWith('List'))
    yield { file, ...type, object: { ...object, ...type }, positionOf };
  if (!Array.isArray(items)) return;
  if (depth >= MAX_LIST_DEPTH) throw notAnObject(positionOf([]), 'the lists are nested too deeply');
  for (const [index, item] of items.entries())
    yield* openObject(origin, [...path, 'items', index], item, typeOfItem(item, type), depth + 1);
}

/** In a PodList what says nothing else is a Pod. */
function typeOfItem(item: unknown, { apiVersion, kind }: Type): Type {
  const own = typeOf(item);
  const saysNothing = own.apiVersion === '' && own.kind === '';
  return saysNothing ? { apiVersion, kind: kind.replace(/List$/, '') } : own;
}

function notAnObject(place: string, sentence: string): SettingsError {
  return new SettingsError('NOT_AN_OBJECT', `${place}: ${sentence}`);
}

async function inspect(path: string): Promise<{ isDirectory(): boolean }> {
  try {
    return await stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readBounded(path, MAX_INPUT_BYTES).catch((cause: unknown) => {
    throw unreadable(path, cause);
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

function tooLarge(path: string): SettingsError {
  return new SettingsError('INPUT_TOO_LARGE', `${path}: at most ${MAX_INPUT_BYTES} bytes are read`);
}

function unreadable(path: string, cause: unknown): SettingsError {
  return new SettingsError(
    'FILE_UNREADABLE',
    `${path}: it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
