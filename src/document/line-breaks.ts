import { DocumentError, Lines } from './text-document.ts';

/** A position where kubectl begins a line or a document, but YAML 1.2 does not. With the reason and the remedy. */
interface ForeignBreak {
  readonly offset: number;
  readonly sentence: string;
  readonly hint: string;
}

type Row = Omit<ForeignBreak, 'offset'> & { readonly pattern: RegExp };

/**
 * kubectl reads with goyaml, which reads YAML 1.1. There, more characters end a line. kubectl also splits a file into
 * documents itself. So a comment or a text of YAML 1.2 could be an object for kubectl.
 * @see https://yaml.org/spec/1.1/#b-char
 */
const ROWS: readonly Row[] = [
  endsLine('U+000D', /\r(?!\n)/u, 'end lines with LF, or with CR and LF'),
  endsLine('U+0085', /\u0085/u),
  endsLine('U+2028', /\u2028/u),
  endsLine('U+2029', /\u2029/u),
  {
    // goyaml skips it. In YAML 1.2 it is the first letter of a key.
    pattern: /(?<=\n)\uFEFF/u,
    sentence: 'character U+FEFF is a byte order mark, which belongs at the start of a file',
    hint: 'remove it',
  },
  {
    // kubectl trims all Unicode spaces from the text after the dashes.
    pattern: /^---(?:#|[ \t]*[^\S \t\r\n])/mu,
    sentence: 'this line separates documents for kubectl, but not in YAML 1.2',
    hint: 'remove the text after ---',
  },
  {
    // kubectl also trims this space at the start of JSON. With the space, the whole text is one plain scalar in YAML 1.2.
    pattern: /^[ \t\r\n]*[^\S \t\r\n\uFEFF]/u,
    sentence: 'the text begins with a space character that YAML 1.2 does not know',
    hint: 'remove it',
  },
];

function endsLine(
  name: string,
  pattern: RegExp,
  hint = 'remove it, or write an escape in double quotes',
): Row {
  return { pattern, sentence: `character ${name} ends a line for kubectl, but not in YAML 1.2`, hint };
}

/** A text without any match has no foreign break. Most texts have none, and one search is faster than one for each row. */
const SUSPICIOUS = /[^\n\t\x20-\x7e]|^---[^\n]/m;

export function findForeignBreak(text: string): ForeignBreak | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  for (const { pattern, sentence, hint } of ROWS) {
    const offset = text.search(pattern);
    if (offset >= 0) return { offset, sentence, hint };
  }
  return undefined;
}

/** The error about a foreign break of a text. */
export function foreignBreakError(
  file: string,
  text: string,
  { offset, sentence, hint }: ForeignBreak,
): DocumentError {
  return new DocumentError(file, new Lines(text).positionOf(offset), `${sentence} (${hint})`);
}

// Line breaks that only some readers know, and characters that a terminal interprets or that hide or reorder letters.
// Beyond U+FFFF, YAML and JSON have no escape in common.
const MISREAD = /[[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]--[\t\n\u200c\u200d]--[\u{10000}-\u{10ffff}]]/v;
const EVERY_MISREAD_ONE = new RegExp(MISREAD, 'gv');

/** Whether a text has a character that a reader or a terminal may misread. The text must be in double quotes. */
export function isMisread(text: string): boolean {
  return MISREAD.test(text);
}

/** Escapes these characters. They must be within double quotes. */
export function escapeMisread(text: string): string {
  return text.replaceAll(
    EVERY_MISREAD_ONE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
