import { CODE, type Cursor } from './cursor.ts';

/** A number of the core schema of YAML 1.2. */
const NUMBER =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Numbers that every reader reads alike, and that a JavaScript number holds exactly. */
const SIMPLE_NUMBER = /^(?:-(?!0+(?:\.0+)?$))?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,5})?$/;

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...['null', 'Null', 'NULL', '~'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

const LONGEST_CONSTANT = 5;

/** First characters of a plain text: not the indicators, and not `<` and `=`, which have a meaning in YAML 1.1. */
const PLAIN_START = /^[\w./$(~+;^\\)\u00a1-\uffff-]/;

/** The value of a plain text by the core schema of YAML 1.2. */
export function resolvePlain(cursor: Cursor, text: string): string | number | boolean | null {
  const first = text.charCodeAt(0);
  // Digits, "+", "-" and "."; "/" is among them, too.
  if (first <= 0x39 && NUMBER.test(text)) return SIMPLE_NUMBER.test(text) ? Number(text) : cursor.giveUp();
  if (text.length <= LONGEST_CONSTANT) {
    const constant = CONSTANTS.get(text);
    if (constant !== undefined) return constant;
  }
  return text;
}

/** Whether a plain key is text for every reader. */
export function isTextKey(key: string): boolean {
  if (key.charCodeAt(0) <= 0x39) return !NUMBER.test(key);
  return !(key.length <= LONGEST_CONSTANT && CONSTANTS.has(key));
}

/** Reads a plain text to the end of its line, without the comment. */
export function readPlain(cursor: Cursor): string | number | boolean | null {
  const start = cursor.at;
  const lineEnd = cursor.text.indexOf('\n', start);
  let line = cursor.text.slice(start, lineEnd < 0 ? undefined : lineEnd);
  const comment = line.indexOf(' #');
  if (comment >= 0) line = line.slice(0, comment);
  line = line.trimEnd();
  if (!PLAIN_START.test(line) || line.startsWith('- ') || line === '-') cursor.giveUp();
  if (line.includes(': ') || line.endsWith(':')) cursor.giveUp();
  cursor.at = start + line.length;
  return resolvePlain(cursor, cursor.textFrom(start));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Four digits behind `\u` that stand for a whole character, not for half of a pair. */
const UNICODE_ESCAPE = /(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})/y;

/** Reads a text in quotes that ends on its line. */
export function readQuoted(cursor: Cursor): string {
  return cursor.code() === CODE.singleQuote ? readSingleQuoted(cursor) : readDoubleQuoted(cursor);
}

function readSingleQuoted(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 1;
  let hasQuotes = false;
  for (let at = start; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === CODE.newline || Number.isNaN(code)) cursor.giveUp();
    if (code !== CODE.singleQuote) continue;
    if (text.charCodeAt(at + 1) === CODE.singleQuote) {
      hasQuotes = true;
      at += 1;
      continue;
    }
    cursor.at = at + 1;
    const value = cursor.textFrom(start, at);
    return hasQuotes ? value.replaceAll("''", "'") : value;
  }
}

function readDoubleQuoted(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 1;
  let value = '';
  let part = start;
  for (let at = start; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === CODE.newline || Number.isNaN(code)) cursor.giveUp();
    if (code === CODE.doubleQuote) {
      cursor.at = at + 1;
      return value + cursor.textFrom(part, at);
    }
    if (code !== CODE.backslash) continue;
    const name = text.charAt(at + 1);
    value += cursor.textFrom(part, at);
    value += name === 'u' ? readUnicode(cursor, at + 2) : (ESCAPES[name] ?? cursor.giveUp());
    at += name === 'u' ? 5 : 1;
    part = at + 1;
  }
}

function readUnicode(cursor: Cursor, start: number): string {
  UNICODE_ESCAPE.lastIndex = start;
  if (!UNICODE_ESCAPE.test(cursor.text)) cursor.giveUp();
  return String.fromCharCode(Number.parseInt(cursor.text.slice(start, start + 4), 16));
}

/** Reads a literal text, from its `|` to the end of its last line. `indent` is the column of its parent. */
export function readLiteral(cursor: Cursor, indent: number): string {
  const { text } = cursor;
  const header = /\|(-?) *\n/y;
  header.lastIndex = cursor.at;
  const found = header.exec(text);
  if (found === null) cursor.giveUp();
  let at = cursor.at + found[0].length;
  const start = at;
  let own = -1;
  let lastEnd = -1;
  while (at < text.length) {
    const lineEnd = text.indexOf('\n', at);
    // Readers differ about the last line of a text without a line end.
    if (lineEnd < 0) cursor.giveUp();
    let first = at;
    while (text.charCodeAt(first) === CODE.space) first += 1;
    const isBlank = first === lineEnd;
    if (own < 0) {
      // An empty line with more spaces than the first line of the text is an error.
      if (isBlank && first > at) cursor.giveUp();
      if (!isBlank) own = first - at;
      if (!isBlank && own <= indent) cursor.giveUp();
    } else if (isBlank && first - at > own) cursor.giveUp();
    if (!isBlank && first - at < own) break;
    if (!isBlank) lastEnd = lineEnd;
    at = lineEnd + 1;
  }
  if (lastEnd < 0) cursor.giveUp();
  cursor.at = lastEnd;
  return unindent(cursor.textFrom(start, lastEnd), own) + (found[1] === '-' ? '' : '\n');
}

/** Empty lines may have fewer spaces than the others. */
function unindent(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => line.slice(columns))
    .join('\n');
}
