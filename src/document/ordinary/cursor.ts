/** Thrown inside this folder, and caught by its entrance: the text is not ordinary. It is no failure. */
const NOT_ORDINARY = new Error('this text is not ordinary YAML');

/** Whether an error is the one of {@link Cursor.giveUp}. */
export function isNotOrdinary(error: unknown): boolean {
  return error === NOT_ORDINARY;
}

/** Where a part begins; behind its value, or behind its key if the value is a collection; behind its key. */
type PartSpan = readonly [start: number, end: number, keyEnd: number];

/** The spans of the parts of a collection, by key or index. */
export type Spans = Map<string | number, PartSpan>;

/** The character codes that decide what a text is. */
export const CODE = {
  space: 0x20,
  newline: 0x0a,
  doubleQuote: 0x22,
  hash: 0x23,
  singleQuote: 0x27,
  comma: 0x2c,
  dash: 0x2d,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  pipe: 0x7c,
  closeBrace: 0x7d,
} as const;

/** Deepest nesting of collections. */
const MAX_DEPTH = 200;

/**
 * Longest text whose parts may share its memory. A part of a string keeps the whole string alive, and images are
 * remembered longer than the file that they are in.
 */
const SHARED_CHARACTERS = 4096;

/** A place in a text that is read from its start to its end. */
export class Cursor {
  readonly text: string;
  /** Offset of the next character. */
  at = 0;
  /** Columns before the first character of the line that {@link nextLine} found; -1 at the end of the text. */
  indent = -1;
  /** The spans of the parts of each collection, if they are recorded. */
  readonly spans: Map<object, Spans> | undefined;
  readonly #copies: boolean;
  #depth = 0;

  constructor(text: string, spans?: Map<object, Spans>) {
    this.text = text;
    this.spans = spans;
    this.#copies = text.length > SHARED_CHARACTERS;
  }

  /** The code of the next character; NaN at the end. */
  code(): number {
    return this.text.charCodeAt(this.at);
  }

  giveUp(): never {
    throw NOT_ORDINARY;
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.giveUp();
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** The text from an offset to the next character. */
  textFrom(start: number, end = this.at): string {
    const part = this.text.slice(start, end);
    return this.#copies ? ` ${part}`.slice(1) : part;
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === CODE.space) this.at += 1;
  }

  /** Whether only spaces and a comment are left of the line. The next character is not a space afterwards. */
  atLineEnd(): boolean {
    this.skipSpaces();
    const code = this.code();
    // A comment needs a space before it, and the callers have read a value or an indicator before.
    if (code === CODE.hash) {
      if (this.text.charCodeAt(this.at - 1) !== CODE.space) this.giveUp();
      return true;
    }
    return code === CODE.newline || Number.isNaN(code);
  }

  /** Goes to the first character of the next line that is not empty and not a comment. */
  nextLine(): void {
    const { text } = this;
    let lineEnd = text.indexOf('\n', this.at);
    while (lineEnd >= 0) {
      this.at = lineEnd + 1;
      this.skipSpaces();
      const code = this.code();
      if (code !== CODE.newline && code !== CODE.hash && !Number.isNaN(code)) {
        this.indent = this.at - lineEnd - 1;
        return;
      }
      lineEnd = text.indexOf('\n', this.at);
    }
    this.at = text.length;
    this.indent = -1;
  }

  /** Records where a part of a collection is. Its value, if it is a scalar, ends at `end`. */
  record(
    collection: object,
    key: string | number,
    value: unknown,
    [start, keyEnd]: readonly [start: number, keyEnd: number],
    end: number,
  ): void {
    if (this.spans === undefined) return;
    const span: PartSpan = [start, typeof value === 'object' && value !== null ? keyEnd : end, keyEnd];
    const spans = this.spans.get(collection);
    if (spans === undefined) this.spans.set(collection, new Map([[key, span]]));
    else spans.set(key, span);
  }
}
