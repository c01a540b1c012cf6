import { CODE, type Cursor } from './cursor.ts';
import { isTextKey, readQuoted, resolvePlain } from './scalar.ts';

/** A plain text in brackets, without blanks. A colon in it must be followed by more of the text. */
const PLAIN = /[\w./$+-](?:[\w./@%+=~$-]|:(?=[\w./@%+=~$-]))*/y;

const PLAIN_KEY = /[A-Za-z0-9_][\w./-]*(?=:[ \n])/y;

/** Reads a collection in brackets. `indent` is the column of its parent; all its lines must be right of it. */
export function readFlow(cursor: Cursor, indent: number): object {
  cursor.enter();
  const value = cursor.code() === CODE.openBrace ? readMap(cursor, indent) : readList(cursor, indent);
  cursor.leave();
  return value;
}

function readMap(cursor: Cursor, indent: number): object {
  const map: Record<string, unknown> = {};
  cursor.at += 1;
  for (;;) {
    skip(cursor, indent);
    if (cursor.code() === CODE.closeBrace) break;
    const start = cursor.at;
    const key = readKey(cursor);
    const keyEnd = cursor.at;
    if (key === '__proto__' || key === '<<' || Object.hasOwn(map, key)) cursor.giveUp();
    cursor.skipSpaces();
    if (cursor.code() !== CODE.colon) cursor.giveUp();
    cursor.at += 1;
    skip(cursor, indent);
    const value = readValue(cursor, indent);
    map[key] = value;
    cursor.record(map, key, value, [start, keyEnd], cursor.at);
    if (endsItem(cursor, indent, CODE.closeBrace)) break;
  }
  cursor.at += 1;
  return map;
}

function readList(cursor: Cursor, indent: number): object {
  const list: unknown[] = [];
  cursor.at += 1;
  for (;;) {
    skip(cursor, indent);
    if (cursor.code() === CODE.closeBracket) break;
    const start = cursor.at;
    const value = readValue(cursor, indent);
    cursor.record(list, list.length, value, [start, start], cursor.at);
    list.push(value);
    if (endsItem(cursor, indent, CODE.closeBracket)) break;
  }
  cursor.at += 1;
  return list;
}

/** Goes behind the comma after an item. Returns whether the collection ends instead. */
function endsItem(cursor: Cursor, indent: number, close: number): boolean {
  skip(cursor, indent);
  const code = cursor.code();
  if (code === close) return true;
  if (code !== CODE.comma) cursor.giveUp();
  cursor.at += 1;
  return false;
}

function readKey(cursor: Cursor): string {
  const code = cursor.code();
  if (code === CODE.doubleQuote || code === CODE.singleQuote) return readQuoted(cursor);
  const start = cursor.at;
  PLAIN_KEY.lastIndex = start;
  if (!PLAIN_KEY.test(cursor.text)) cursor.giveUp();
  cursor.at = PLAIN_KEY.lastIndex;
  const key = cursor.textFrom(start);
  return isTextKey(key) ? key : cursor.giveUp();
}

function readValue(cursor: Cursor, indent: number): unknown {
  switch (cursor.code()) {
    case CODE.openBrace:
    case CODE.openBracket:
      return readFlow(cursor, indent);
    case CODE.doubleQuote:
    case CODE.singleQuote:
      return readQuoted(cursor);
    default:
      return readPlain(cursor);
  }
}

function readPlain(cursor: Cursor): unknown {
  const start = cursor.at;
  PLAIN.lastIndex = start;
  if (!PLAIN.test(cursor.text)) cursor.giveUp();
  cursor.at = PLAIN.lastIndex;
  const text = cursor.textFrom(start);
  if (text === '-' || text.startsWith('---') || text.startsWith('...')) cursor.giveUp();
  return resolvePlain(cursor, text);
}

/** Skips spaces and line ends. A comment between brackets is left to the exact reader. */
function skip(cursor: Cursor, indent: number): void {
  const { text } = cursor;
  cursor.skipSpaces();
  while (cursor.code() === CODE.newline) {
    const lineStart = cursor.at + 1;
    cursor.at = lineStart;
    cursor.skipSpaces();
    if (cursor.code() === CODE.newline) continue;
    if (cursor.at - lineStart <= indent) cursor.giveUp();
  }
  if (cursor.at >= text.length) cursor.giveUp();
}
