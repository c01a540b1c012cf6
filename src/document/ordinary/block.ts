import { CODE, type Cursor } from './cursor.ts';
import { readFlow } from './flow.ts';
import { isTextKey, readLiteral, readPlain, readQuoted } from './scalar.ts';

const PLAIN_KEY = /[A-Za-z0-9_][\w./-]*(?=:(?![^ \n]))/y;

/** The longest key on the line of its value. YAML allows 1024 characters with the spaces behind it. */
const MAX_KEY = 1000;

/** Reads the map or list that begins at the next character, in this column, and goes to the line after it. */
export function readBlock(cursor: Cursor, indent: number): object {
  if (isDash(cursor)) return readList(cursor, indent);
  return tryMap(cursor, indent) ?? cursor.giveUp();
}

function isDash({ text, at }: Cursor): boolean {
  if (text.charCodeAt(at) !== CODE.dash) return false;
  const next = text.charCodeAt(at + 1);
  return next === CODE.space || next === CODE.newline || Number.isNaN(next);
}

/** `undefined`, at the same place, if no map begins here. */
function tryMap(cursor: Cursor, indent: number): object | undefined {
  let start = cursor.at;
  let key = tryKey(cursor);
  if (key === undefined) return undefined;
  cursor.enter();
  const map: Record<string, unknown> = {};
  for (;;) {
    const keyEnd = cursor.at;
    if (key === '__proto__' || key === '<<' || Object.hasOwn(map, key)) cursor.giveUp();
    cursor.at += 1;
    map[key] = readValue(cursor, indent, map, key, [start, keyEnd]);
    if (cursor.indent !== indent) break;
    start = cursor.at;
    key = tryKey(cursor) ?? cursor.giveUp();
  }
  if (cursor.indent > indent) cursor.giveUp();
  cursor.leave();
  return map;
}

/** Reads a key up to its colon. `undefined`, at the same place, if there is none. */
function tryKey(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const code = cursor.code();
  if (code === CODE.doubleQuote || code === CODE.singleQuote) return tryQuotedKey(cursor);
  PLAIN_KEY.lastIndex = start;
  if (!PLAIN_KEY.test(cursor.text)) return undefined;
  cursor.at = PLAIN_KEY.lastIndex;
  const key = cursor.textFrom(start);
  return key.length <= MAX_KEY && isTextKey(key) ? key : cursor.giveUp();
}

function tryQuotedKey(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const key = readQuoted(cursor);
  const next = cursor.text.charCodeAt(cursor.at + 1);
  if (cursor.code() !== CODE.colon) {
    // A space before the colon is left to the exact reader.
    cursor.skipSpaces();
    if (cursor.code() === CODE.colon) cursor.giveUp();
    cursor.at = start;
    return undefined;
  }
  const endsKey = next === CODE.space || next === CODE.newline || Number.isNaN(next);
  return endsKey && cursor.at - start <= MAX_KEY ? key : cursor.giveUp();
}

function readList(cursor: Cursor, indent: number): object {
  cursor.enter();
  const list: unknown[] = [];
  do {
    const dash = cursor.at;
    cursor.at += 1;
    cursor.skipSpaces();
    list.push(readItem(cursor, indent, indent + cursor.at - dash, list));
  } while (cursor.indent === indent && isDash(cursor));
  if (cursor.indent > indent) cursor.giveUp();
  cursor.leave();
  return list;
}

/** Reads an item, which may be a list or a map that begins on the line of the dash, in the given column. */
function readItem(cursor: Cursor, indent: number, column: number, list: readonly unknown[]): unknown {
  const start = cursor.at;
  const compact = isDash(cursor) ? readList(cursor, column) : tryMap(cursor, column);
  if (compact === undefined) return readValue(cursor, indent, list, list.length, undefined);
  cursor.record(list, list.length, compact, [start, start], start);
  return compact;
}

/** The place of a key; `undefined` for an item of a list, which has none. */
type KeySpan = readonly [start: number, end: number] | undefined;

/** Reads a value behind its indicator, and goes to the line after it. `indent` is the column of the collection. */
function readValue(
  cursor: Cursor,
  indent: number,
  collection: object,
  key: string | number,
  keySpan: KeySpan,
): unknown {
  if (!cursor.atLineEnd()) {
    const start = cursor.at;
    // The end of its last line belongs to a literal text.
    const lineEnd = cursor.code() === CODE.pipe ? 1 : 0;
    const value = readInline(cursor, indent);
    cursor.record(collection, key, value, keySpan ?? [start, start], cursor.at + lineEnd);
    if (!cursor.atLineEnd()) cursor.giveUp();
    cursor.nextLine();
    if (cursor.indent > indent) cursor.giveUp();
    return value;
  }
  const lineEnd = cursor.at;
  cursor.nextLine();
  const start = cursor.at;
  const value = readNested(cursor, indent, keySpan !== undefined);
  const empty = value === null ? lineEnd : start;
  cursor.record(collection, key, value, keySpan ?? [empty, empty], lineEnd);
  return value;
}

/** The value on the lines behind its indicator. A list may be in the column of the map that contains it. */
function readNested(cursor: Cursor, indent: number, inMap: boolean): unknown {
  if (cursor.indent > indent) return readBlock(cursor, cursor.indent);
  return inMap && cursor.indent === indent && isDash(cursor) ? readList(cursor, indent) : null;
}

function readInline(cursor: Cursor, indent: number): unknown {
  switch (cursor.code()) {
    case CODE.openBrace:
    case CODE.openBracket:
      return readFlow(cursor, indent);
    case CODE.doubleQuote:
    case CODE.singleQuote:
      return readQuoted(cursor);
    case CODE.pipe:
      return readLiteral(cursor, indent);
    default:
      return readPlain(cursor);
  }
}
