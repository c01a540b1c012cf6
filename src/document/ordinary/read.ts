import type { Path } from '../json.ts';
import { readBlock } from './block.ts';
import type { Span } from '../text-document.ts';
import { CODE, Cursor, isNotOrdinary, type Spans } from './cursor.ts';
import { readFlow } from './flow.ts';

/** The value of a document, which is a map or a list, and how to find its parts. */
export interface OrdinaryDocument {
  readonly value: object;
  /**
   * The offsets of the part at a path: of its first character and of the one behind it. If the document does not have the
   * whole path, those of the last part that it has.
   */
  readonly spanOf: (path: Path) => Span;
}

/** Spaces that are not ASCII, and characters that end lines, that are invisible, or that are halves of a pair. */
const ODD_CHARACTER =
  /[^\n\x20-\x7e\u00a1-\u00ac\u00ae-\u167f\u1681-\u180d\u180f-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff\uf900-\ufefe\uff01-\uffef]/;

/** A line that is not content: the end of a document, a directive, or the beginning of one. */
const MARKER = /^(?:---|\.\.\.|%)/m;

/**
 * Reads a document of ordinary YAML or JSON: block and flow collections with keys that are text, and texts that end on
 * their line or are literal. `undefined` for every other text. So each text that is read here has one meaning for all
 * readers, and `parseDocuments` reads the same value. `null` for a document without content.
 */
export function readOrdinary(text: string): OrdinaryDocument | null | undefined {
  if (ODD_CHARACTER.test(text) || MARKER.test(text)) return undefined;
  try {
    const value = readRoot(new Cursor(text));
    return value && { value, spanOf: lazySpans(text) };
  } catch (error) {
    if (isNotOrdinary(error)) return undefined;
    throw error;
  }
}

function readRoot(cursor: Cursor): object | null {
  // As if a line ended before the text.
  if (!goToFirstLine(cursor)) return null;
  const code = cursor.code();
  const isFlow = code === CODE.openBrace || code === CODE.openBracket;
  const value = isFlow ? readFlow(cursor, -1) : readBlock(cursor, cursor.indent);
  if (isFlow) {
    if (!cursor.atLineEnd()) cursor.giveUp();
    cursor.nextLine();
  }
  if (cursor.indent >= 0) cursor.giveUp();
  return value;
}

function goToFirstLine(cursor: Cursor): boolean {
  if (cursor.atLineEnd()) cursor.nextLine();
  else cursor.indent = cursor.at;
  return cursor.indent >= 0;
}

/** Reads the text again, with spans, when a place is wanted first: most documents need none. */
function lazySpans(text: string): OrdinaryDocument['spanOf'] {
  let root: object | undefined;
  let start = 0;
  let spans: Map<object, Spans> | undefined;
  return (path) => {
    if (root === undefined || spans === undefined) {
      spans = new Map();
      const cursor = new Cursor(text, spans);
      root = readRoot(cursor) ?? undefined;
      start = firstOffset(text);
    }
    return findSpan(root, spans, start, path);
  };
}

function firstOffset(text: string): number {
  const cursor = new Cursor(text);
  goToFirstLine(cursor);
  return cursor.at;
}

function findSpan(root: unknown, spans: Map<object, Spans>, start: number, path: Path): Span {
  let value = root;
  let span: Span = [start, start];
  let isKey = false;
  for (const key of path) {
    const found = isCollection(value) ? spans.get(value)?.get(key) : undefined;
    if (found === undefined) break;
    span = [found[0], found[1]];
    isKey = !Array.isArray(value);
    value = Reflect.get(value as object, key) as unknown;
  }
  if (isKey || !isCollection(value)) return span;
  // A list stands for its beginning, and a map for its first key.
  const [first] = Array.isArray(value) ? [] : (spans.get(value)?.values() ?? []);
  return [span[0], first?.[2] ?? span[0]];
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
