import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Path } from './json.ts';
import { findForeignBreak } from './line-breaks.ts';
import { checkMerges } from './merge-keys.ts';

/** An anchor and its aliases, with all that stands below them: for saving lines, not for bombs (C11). */
const MAX_ALIASES = 100;

/** What to do about the mistakes that people make, by the parser's codes. */
const HINTS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'quote text that begins with "*"',
  BAD_INDENT: 'give the parts of one list or map the same indentation',
  BAD_SCALAR_START: 'quote the text',
  MISSING_CHAR: 'close what is open, or quote the text',
  MULTILINE_IMPLICIT_KEY: 'look for a missing ":" or a wrong indentation',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'leave the tag out',
};

/** A place in a text; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One document of a file, and where its parts stand in the text. */
export interface TextDocument {
  readonly value: unknown;
  /**
   * `line:column` of what a path leads to, both from 1: the key of a map, the item of a list. Where the path
   * ends early, the last part of it that is there.
   */
  positionOf(path: Path): string;
  /** The same as numbers. */
  locate(path: Path): Position;
}

export interface DocumentOptions {
  /**
   * Reads `<<` as a place where other maps come in, and refuses it where kubectl would let something else come in;
   * else it is a key like any other. @default false
   */
  readonly mergeKeys?: boolean;
}

export type DocumentErrorCode = 'DOCUMENT_SYNTAX';

/** Text that is no YAML, no JSON, or would be read in two ways; the message begins with `file:line:column`. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly code: DocumentErrorCode = 'DOCUMENT_SYNTAX';
}

/**
 * Reads the documents of a file: YAML 1.2, of which JSON is a part, whatever version the text claims. Empty
 * documents are left out. Keys that stand twice, keys that are no text, unknown tags, aliases that lead to
 * nothing or to themselves, and too many of them are errors; so are characters at which readers of YAML 1.1 end
 * a line, kubectl among them.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @see https://yaml.org/spec/1.2.2/
 */
export function parseDocuments(text: string, file: string, options: DocumentOptions = {}): TextDocument[] {
  checkLineBreaks(text, file);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    // The parser's own check for duplicate keys takes time quadratic in their number.
    uniqueKeys: false,
    merge: options.mergeKeys ?? false,
    version: '1.2',
    // Else a line `%YAML 1.1` would make "no" a boolean.
    schema: 'core',
    // Else !!binary, !!timestamp, !!set and others would make objects that JSON has not.
    resolveKnownTags: false,
  });
  // With no document at all it answers an empty stream, which is an array all the same.
  return [...documents].flatMap((document) => openDocument(document, new Places(document, file, lines)));
}

function checkLineBreaks(text: string, file: string): void {
  const found = findForeignBreak(text);
  if (found === undefined) return;
  const { offset, sentence, hint } = found;
  const line = text.slice(0, offset).split('\n').length;
  const column = offset - text.lastIndexOf('\n', offset - 1);
  throw new DocumentError(`${file}:${line}:${column}: ${sentence} (${hint})`);
}

function openDocument(document: Document, places: Places): TextDocument[] {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const sentence = problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
    // The parser is recursive; it says so when it can go no deeper.
    if (sentence.startsWith('Maximum call stack')) throw places.nesting(problem.pos[0], problem);
    throw places.problem(problem.pos[0], sentence, HINTS[problem.code], problem);
  }
  if (document.contents === null) return [];
  const value = readValue(document, places);
  if (value === null) return [];
  const locate = (path: Path): Position => places.locate(places.offsetOf(path));
  return [{ value, locate, positionOf: (path) => places.position(places.offsetOf(path)) }];
}

function readValue(document: Document, places: Places): unknown {
  let firstAlias: number | undefined;
  try {
    firstAlias = examine(document, places);
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    if (cause instanceof RangeError) throw places.nesting(places.offsetOf([]), cause);
    // What is left for toJS to find: too many aliases, and a "<<" that leads to no map.
    const sentence = cause instanceof Error ? cause.message : String(cause);
    throw places.problem(
      firstAlias ?? places.offsetOf([]),
      sentence,
      'write out what the aliases stand for',
      cause,
    );
  }
}

/** Refuses what the parser lets pass and two readers would take for two things; answers where the first alias is. */
function examine(document: Document, places: Places): number | undefined {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const maps: YAMLMap[] = [];
  let firstAlias: number | undefined;
  visit(document, (_, node, path) => {
    if (isMap(node)) {
      checkKeys(node, places);
      maps.push(node);
    }
    if (isScalar(node)) checkScalar(node, path, places);
    if (isAlias(node)) {
      const { source } = node;
      const offset = node.range?.[0] ?? 0;
      firstAlias ??= offset;
      const target = anchors.get(source);
      if (target === undefined)
        throw places.problem(offset, `there is no anchor "${source}" above`, HINTS['BAD_ALIAS']);
      if (path.some((parent) => isNode(parent) && !isAlias(parent) && parent.anchor === source)) {
        throw places.problem(offset, `alias "${source}" stands inside what it stands for`, 'write it out');
      }
      targets.set(node, target);
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  // Not before every alias is known to end somewhere.
  checkMerges(maps, targets, (offset, sentence, hint) => places.problem(offset, sentence, hint));
  return firstAlias;
}

/** Refuses `?x` and `:x` in brackets, which kubectl reads as `? x` and `: x`, and a tag whose value it finds further on. */
function checkScalar({ type, source, tag, range }: Scalar, path: readonly unknown[], places: Places): void {
  const offset = range?.[0] ?? 0;
  if (type !== 'PLAIN' || source === undefined) return;
  // In `{a: !!str, b}` the comma is part of the tag, and b the value, until YAML 1.2.
  if (source === '' && tag !== undefined)
    throw places.problem(offset, 'a tag stands before nothing', 'write the value, or leave the tag out');
  if (/^[?:]/.test(source) && path.some((parent) => isCollection(parent) && parent.flow === true))
    throw places.problem(
      offset,
      `text in brackets begins with "${source.charAt(0)}", which makes a key of it to kubectl`,
      'quote it',
    );
}

/** `1` and `"1"` are one key to whoever reads the document, and an alias may hide a third. */
function checkKeys(map: YAMLMap, places: Places): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const offset = isNode(key) ? (key.range?.[0] ?? 0) : (map.range?.[0] ?? 0);
    if (key !== null && !isScalar(key))
      throw places.problem(offset, 'a key is not plain text', 'write it as text');
    const name = key === null || key.value === null ? '' : String(key);
    if (seen.has(name))
      throw places.problem(offset, `key ${JSON.stringify(name)} stands twice`, 'keep one of them');
    seen.add(name);
  }
}

/** Where the parts of a document stand. */
class Places {
  readonly #document: Document;
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(document: Document, file: string, lines: LineCounter) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
  }

  locate(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  position(offset: number): string {
    const { line, column } = this.locate(offset);
    return `${line}:${column}`;
  }

  problem(offset: number, sentence: string, hint: string | undefined, cause?: unknown): DocumentError {
    const advice = hint === undefined ? '' : ` (${hint})`;
    return new DocumentError(`${this.#file}:${this.position(offset)}: ${sentence}${advice}`, { cause });
  }

  nesting(offset: number, cause: unknown): DocumentError {
    return this.problem(offset, 'it nests too deeply to be read', 'flatten it', cause);
  }

  offsetOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const found = childOf(node, key);
      if (found === undefined) break;
      const place = isPair(found) ? found.key : found;
      if (isNode(place)) offset = place.range?.[0] ?? offset;
      node = isPair(found) ? found.value : found;
    }
    return offset;
  }
}

function childOf(node: unknown, key: string | number): unknown {
  if (isSeq(node) && typeof key === 'number') return node.items[key];
  if (isMap(node)) return node.items.find((pair) => String(pair.key) === String(key));
  return undefined;
}
