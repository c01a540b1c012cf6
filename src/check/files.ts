import { closeSync, opendirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Exclusion } from './exclude.ts';
import { fieldsOf } from '../document/json.ts';
import { decodeUtf8 } from '../document/text.ts';
import { parseDocuments } from '../document/yaml.ts';
import { KUSTOMIZATION_FILES, patchPathsOf } from '../review/kustomization.ts';
import type { ManifestMode } from '../review/manifests.ts';

/** Largest file, or standard input, in bytes. */
export const MAX_INPUT_BYTES = 32 * 1024 * 1024;

/** The name of standard input on the command line, and in results. */
const STDIN_ARGUMENT = '-';
const STDIN_NAME = 'stdin';

/** The file that makes a folder a Helm chart. */
const CHART_FILE = 'Chart.yaml';

/** Largest kustomization whose patches are looked for, in bytes. */
const KUSTOMIZATION_BYTES = 256 * 1024;

/** A file that is to be judged. */
export interface InputFile {
  readonly kind: 'file' | 'stdin';
  /** Its path; `stdin` for standard input. */
  readonly file: string;
  /** `lenient` for a file of a folder. */
  readonly mode: ManifestMode;
}

/** What a path leads to. */
export type FoundInput = InputFile | Chart | UnreadableFile;

/** The folder of a Helm chart. Helm renders its templates, so they are not read. */
interface Chart {
  readonly kind: 'chart';
  readonly file: string;
  readonly folder: string;
}

/** A file or a folder that cannot be read. */
interface UnreadableFile {
  readonly kind: 'unreadable';
  readonly file: string;
  readonly error: unknown;
}

/**
 * The files that the paths name and that are not excluded, in the order of the paths: the path `-` is standard input, and from a folder and its
 * subfolders come the `.yaml`, `.yml` and `.json` files, sorted by their paths. Only the names of one folder and its
 * parents are kept at a time. The templates of a Helm chart and the patches of a kustomization are left out.
 */
export function* findFiles(paths: readonly string[], excluded: Exclusion): Generator<FoundInput> {
  for (const path of paths) {
    if (path === STDIN_ARGUMENT) yield { kind: 'stdin', file: STDIN_NAME, mode: 'strict' };
    else if (!excluded.hasOrContains(path)) yield* findFile(path, excluded);
  }
}

function* findFile(path: string, excluded: Exclusion): Generator<FoundInput> {
  try {
    if (!statSync(path).isDirectory()) yield { kind: 'file', file: path, mode: 'strict' };
    else yield* findInFolder(path, excluded);
  } catch (error) {
    yield { kind: 'unreadable', file: path, error };
  }
}

/** `inherited` are the files below the folder that are passed over. */
function* findInFolder(
  folder: string,
  excluded: Exclusion,
  inherited: Iterable<string> = [],
): Generator<FoundInput> {
  let names: readonly string[];
  try {
    names = namesIn(folder);
  } catch (error) {
    yield { kind: 'unreadable', file: folder, error };
    return;
  }
  const isChart = names.includes(CHART_FILE);
  const kustomization = names.find((name) => KUSTOMIZATION_FILES.has(name));
  const templates = isChart ? join(folder, 'templates') : undefined;
  const skipped = new Set([
    ...inherited,
    ...(kustomization === undefined ? [] : patchFiles(folder, kustomization)),
  ]);
  for (const name of names) {
    const isFolder = name.endsWith('/');
    const file = join(folder, isFolder ? name.slice(0, -1) : name);
    if (excluded.has(file) || (isFolder ? file === templates : skipped.has(file))) continue;
    if (isChart && name === CHART_FILE) yield { kind: 'chart', file, folder };
    else if (isFolder) yield* findInFolder(file, excluded, skipped);
    else yield { kind: 'file', file, mode: 'lenient' };
  }
}

/** The patches of a kustomization. If it cannot be read, they are judged like other files; its own error says why. */
function patchFiles(folder: string, name: string): readonly string[] {
  const file = join(folder, name);
  try {
    const bytes = readInput(file, new Uint8Array(KUSTOMIZATION_BYTES));
    if (bytes === undefined || bytes.length === KUSTOMIZATION_BYTES) return [];
    const documents = parseDocuments(decodeUtf8(bytes, file), file);
    return documents.flatMap(({ value }) => patchPathsOf(fieldsOf(value))).map((path) => join(folder, path));
  } catch {
    return [];
  }
}

/**
 * The folders and the files of manifests in a folder, sorted. The name of a folder ends in `/` here, so that names sort as
 * the paths of all files below would sort.
 */
function namesIn(folder: string): readonly string[] {
  const names: string[] = [];
  // Entry by entry, because all entries of a folder with many files together take ten times the memory of their names.
  using entries = opendirSync(folder, { bufferSize: 256 });
  for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
    if (entry.isDirectory()) names.push(`${entry.name}/`);
    else if (/\.(ya?ml|json)$/i.test(entry.name)) names.push(entry.name);
  }
  return names.sort();
}

/**
 * The bytes of a file: at the beginning of `space`, or in memory of their own if they do not fit; `undefined` if there are
 * more than {@link MAX_INPUT_BYTES}. It reads synchronously: for small files, each asynchronous step costs more than the
 * read itself. The file is opened once, because it may be a pipe.
 * @throws {NodeJS.ErrnoException} if the file cannot be read.
 */
export function readInput(file: string, space: Uint8Array): Uint8Array | undefined {
  const descriptor = openSync(file, 'r');
  try {
    let bytes = space;
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null);
      length += count;
      if (count === 0) return bytes.subarray(0, length);
      if (length > MAX_INPUT_BYTES) return undefined;
      if (length === bytes.length) bytes = enlarge(bytes);
    }
  } finally {
    closeSync(descriptor);
  }
}

function enlarge(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(Math.min(4 * bytes.length, MAX_INPUT_BYTES + 1));
  larger.set(bytes);
  return larger;
}

/** All bytes of standard input, like {@link readInput}. */
export async function readStdin(stdin: Readable, space: Uint8Array): Promise<Uint8Array | undefined> {
  let bytes = space;
  let length = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    if (length + buffer.length > MAX_INPUT_BYTES) return undefined;
    while (length + buffer.length > bytes.length) bytes = enlarge(bytes);
    bytes.set(buffer, length);
    length += buffer.length;
  }
  return bytes.subarray(0, length);
}
