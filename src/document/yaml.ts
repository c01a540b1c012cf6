import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Path } from './json.ts';
import { resolveAsGo } from './go-scalars.ts';
import { parseContinued } from './continued-lines.ts';
import { findForeignBreak, foreignBreakError } from './line-breaks.ts';
import { checkMerges } from './merge-keys.ts';
import {
  DocumentError,
  Lines,
  type Position,
  type Region,
  type Span,
  type TextDocument,
} from './text-document.ts';

/** Maximum number of aliases of an anchor, including the aliases in its value. Aliases must not multiply the document (C11). */
const MAX_ALIASES = 100;

/** Remedies for common mistakes, by the codes of the parser. */
const HINTS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'quote text that begins with "*"',
  BAD_INDENT: 'give the parts of one list or map the same indentation',
  BAD_SCALAR_START: 'quote the text',
  MISSING_CHAR: 'close the bracket or the quote, or quote the text',
  MULTILINE_IMPLICIT_KEY: 'look for a missing ":" or a wrong indentation',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'leave the tag out',
};

export { DocumentError, type TextDocument } from './text-document.ts';

export interface DocumentOptions {
  /**
   * Reads `<<` as a merge of other maps, and refuses it where kubectl would merge differently. Otherwise `<<` is a key
   * like any other. @default false
   */
  readonly mergeKeys?: boolean;
  /** The text is a part of a longer one, in which no character ends a line only for some readers. @default the whole */
  readonly part?: { readonly lines: Lines; readonly start: number };
  /**
   * `go`: plain scalars have the values of go-yaml ({@link resolveGoScalar}), for files that programs of Kubernetes read.
   * @default 'core'
   */
  readonly scalars?: 'core' | 'go';
  /** `last`: the last of equal keys counts, as for readers that are not strict. @default 'refuse' */
  readonly equalKeys?: 'refuse' | 'last';
}

/**
 * Parses the documents of a file as YAML 1.2, which includes JSON, whatever version the text names. Empty documents are
 * left out. Errors are: duplicate keys, keys that are not text, unknown tags, aliases without an anchor or inside it, too
 * many aliases, and characters that end a line only for readers of YAML 1.1 such as kubectl.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @see https://yaml.org/spec/1.2.2/
 */
export function parseDocuments(text: string, file: string, options: DocumentOptions = {}): TextDocument[] {
  return readDocuments(text, file, options).map((document) => {
    if (document instanceof DocumentError) throw document;
    return document;
  });
}

/** Like {@link parseDocuments}, but a document that cannot be read hides no other one: its error is in its place. */
export function readDocuments(
  text: string,
  file: string,
  options: DocumentOptions = {},
): (TextDocument | DocumentError)[] {
  const foreign = options.part === undefined ? findForeignBreak(text) : undefined;
  if (foreign !== undefined) return [foreignBreakError(file, text, foreign)];
  const { lines, start } = options.part ?? { lines: new Lines(text), start: 0 };
  const parse = (whole: string): readonly Document.Parsed[] => [
    // For a text without documents the parser returns an array with additional properties.
    ...parseAllDocuments(whole, {
      prettyErrors: false,
      // The parser's own check for duplicate keys takes time quadratic in their number.
      uniqueKeys: false,
      merge: options.mergeKeys ?? false,
      version: '1.2',
      // Otherwise a line `%YAML 1.1` would make a boolean of "no".
      schema: 'core',
      // Otherwise !!binary, !!timestamp, !!set and other tags would make objects that JSON does not have.
      resolveKnownTags: false,
    }),
  ];
  const { documents, original } = parseContinued(text, parse);
  const place = (offset: number): number => start + original(offset);
  return documents.flatMap((document): (TextDocument | DocumentError)[] => {
    try {
      return openDocument(document, new Positions(document, file, lines, place), options);
    } catch (error) {
      if (error instanceof DocumentError) return [error];
      throw error;
    }
  });
}

function openDocument(document: Document, positions: Positions, options: DocumentOptions): TextDocument[] {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const sentence = problem.message;
    // The parser is recursive and reports when the stack is full.
    if (sentence.startsWith('Maximum call stack')) throw positions.nesting(problem.pos[0], problem);
    throw positions.problem(problem.pos[0], sentence, HINTS[problem.code], problem);
  }
  if (document.contents === null) return [];
  if (options.scalars === 'go') resolveAsGo(document, positions);
  const value = readValue(document, positions, options);
  if (value === null) return [];
  return [
    {
      value,
      locate: (path) => positions.regionOf(path),
      positionOf: (path) => positions.position(positions.offsetOf(path)),
    },
  ];
}

function readValue(document: Document, positions: Positions, options: DocumentOptions): unknown {
  let firstAlias: number | undefined;
  try {
    firstAlias = examine(document, positions, options);
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    if (cause instanceof RangeError) throw positions.nesting(positions.offsetOf([]), cause);
    // toJS finds the remaining errors: too many aliases, and a "<<" without a map.
    const sentence = cause instanceof Error ? cause.message : String(cause);
    throw positions.problem(
      firstAlias ?? positions.offsetOf([]),
      sentence,
      'write the values in place of the aliases',
      cause,
    );
  }
}

/** Refuses parts that the parser accepts and that two readers read differently. Returns the offset of the first alias. */
function examine(
  document: Document,
  positions: Positions,
  { equalKeys = 'refuse' }: DocumentOptions,
): number | undefined {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const maps: YAMLMap[] = [];
  let firstAlias: number | undefined;
  visit(document, (_, node, path) => {
    if (isMap(node)) {
      checkKeys(node, positions, equalKeys);
      maps.push(node);
    }
    if (isScalar(node)) checkScalar(node, path, positions);
    if (isAlias(node)) {
      const { source } = node;
      const offset = node.range?.[0] ?? 0;
      firstAlias ??= offset;
      const target = anchors.get(source);
      if (target === undefined)
        throw positions.problem(offset, `there is no anchor "${source}" above`, HINTS['BAD_ALIAS']);
      if (path.some((parent) => isNode(parent) && !isAlias(parent) && parent.anchor === source)) {
        throw positions.problem(offset, `alias "${source}" is inside its own anchor`, 'write it out');
      }
      targets.set(node, target);
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  // After the loop, because each alias must have its target.
  checkMerges(maps, targets, (offset, sentence, hint) => positions.problem(offset, sentence, hint));
  return firstAlias;
}

/** Refuses `?x` and `:x` in brackets, which kubectl reads as `? x` and `: x`. Refuses a tag whose value kubectl finds later in the text. */
function checkScalar(
  { type, source, tag, range }: Scalar,
  path: readonly unknown[],
  positions: Positions,
): void {
  const offset = range?.[0] ?? 0;
  if (type !== 'PLAIN' || source === undefined) return;
  // Before YAML 1.2, the comma of `{a: !!str, b}` belongs to the tag, and b is the value.
  if (source === '' && tag !== undefined)
    throw positions.problem(offset, 'a tag has no value', 'write the value, or leave the tag out');
  if (/^[?:]/.test(source) && path.some((parent) => isCollection(parent) && parent.flow === true))
    throw positions.problem(
      offset,
      `text in brackets begins with "${source.charAt(0)}", so kubectl reads a key`,
      'quote it',
    );
}

/** Refuses keys that are equal as text, such as `1` and `"1"`, and keys that are not scalars, such as aliases. */
function checkKeys(map: YAMLMap, positions: Positions, equalKeys: DocumentOptions['equalKeys']): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const offset = isNode(key) ? (key.range?.[0] ?? 0) : (map.range?.[0] ?? 0);
    if (key !== null && !isScalar(key))
      throw positions.problem(offset, 'a key is not plain text', 'write it as text');
    const name = key === null || key.value === null ? '' : textOf(key.value);
    if (equalKeys === 'refuse' && seen.has(name))
      throw positions.problem(
        offset,
        `key ${JSON.stringify(name)} occurs twice`,
        name === '<<' ? 'write the maps in one list, as in <<: [*a, *b]' : 'keep one of them',
      );
    seen.add(name);
  }
}

/** The text of a key. The parser has a symbol in place of a merge key. */
function textOf(key: unknown): string {
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}

/** The positions of the parts of a document. */
class Positions {
  readonly #document: Document;
  readonly #file: string;
  readonly #lines: Lines;
  readonly #place: (offset: number) => number;

  constructor(document: Document, file: string, lines: Lines, place: (offset: number) => number) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
    this.#place = place;
  }

  locate(offset: number): Position {
    return this.#lines.positionOf(this.#place(offset));
  }

  position(offset: number): string {
    const { line, column } = this.locate(offset);
    return `${line}:${column}`;
  }

  problem(offset: number, sentence: string, hint: string | undefined, cause?: unknown): DocumentError {
    const advice = hint === undefined ? '' : ` (${hint})`;
    return new DocumentError(this.#file, this.locate(offset), `${sentence}${advice}`, { cause });
  }

  nesting(offset: number, cause: unknown): DocumentError {
    return this.problem(offset, 'the document is nested too deeply', 'flatten it', cause);
  }

  offsetOf(path: Path): number {
    return this.#spanOf(path)[0];
  }

  regionOf(path: Path): Region {
    const [start, end] = this.#spanOf(path);
    return this.#lines.regionOf([this.#place(start), this.#place(end)]);
  }

  /** The offsets of the first character of a part, and of the character behind it. */
  #spanOf(path: Path): Span {
    let node: unknown = this.#document.contents;
    let span = spanOfItem(node) ?? [0, 0];
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const found = childOf(node, key);
      if (found === undefined) break;
      span = (isPair(found) ? spanOfPair(found) : spanOfItem(found)) ?? span;
      node = isPair(found) ? found.value : found;
    }
    return span;
  }
}

function spanOfPair({ key, value }: Pair): Span | undefined {
  const keySpan = isNode(key) ? key.range : undefined;
  if (!keySpan) return undefined;
  const valueEnd = isScalar(value) ? value.range?.[1] : undefined;
  return [keySpan[0], valueEnd ?? keySpan[1]];
}

function spanOfItem(node: unknown): Span | undefined {
  if (!isNode(node) || !node.range) return undefined;
  const [start, end] = node.range;
  if (isMap(node)) {
    const first = node.items[0]?.key;
    return [start, isNode(first) ? (first.range?.[1] ?? start) : start];
  }
  return [start, isSeq(node) ? start : end];
}

function childOf(node: unknown, key: string | number): unknown {
  if (isSeq(node) && typeof key === 'number') return node.items[key];
  if (isMap(node)) return node.items.findLast((pair) => String(pair.key) === String(key));
  return undefined;
}
