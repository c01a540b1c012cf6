import type { Path } from './json.ts';

/** A place in a text; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A part of a text, from its first character to the place right behind its last one. */
export interface Region extends Position {
  readonly endLine: number;
  readonly endColumn: number;
}

/** One document of a file, and the positions of its parts in the text. */
export interface TextDocument {
  readonly value: unknown;
  /**
   * `line:column` of the part at a path, both from 1: of its key in a map, or of the item in a list. If the document
   * does not have the whole path, the position of the last part that it has.
   */
  positionOf(path: Path): string;
  /**
   * The same place as numbers, with its end. The region of a key ends with its value if that is one text, and with the
   * key otherwise. The region of a map is its first key.
   */
  locate(path: Path): Region;
}

type DocumentErrorCode = 'DOCUMENT_SYNTAX';

/** A text that is neither YAML nor JSON, or that two readers read differently. The message begins with `file:line:column`. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly code: DocumentErrorCode = 'DOCUMENT_SYNTAX';
  /** Where the problem is. */
  readonly region: Region;
  /** What is wrong and what to do, without the place. */
  readonly sentence: string;

  constructor(file: string, { line, column }: Position, sentence: string, options?: ErrorOptions) {
    super(`${file}:${line}:${column}: ${sentence}`, options);
    this.region = { line, column, endLine: line, endColumn: column };
    this.sentence = sentence;
  }
}

/** The offsets of a part of a document: of its first character, and of the one behind it. */
export type Span = readonly [start: number, end: number];

/** The positions in a text, or in a document that begins behind other text. */
export class Lines {
  readonly #text: string;
  /** Offsets of the first characters of the lines. */
  #starts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The position of a character by its offset from 0. */
  positionOf(offset: number): Position {
    this.#starts ??= startsOfLines(this.#text);
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  regionOf([start, end]: Span): Region {
    const { line: endLine, column: endColumn } = this.positionOf(end);
    return { ...this.positionOf(start), endLine, endColumn };
  }
}

function startsOfLines(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}
