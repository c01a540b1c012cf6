/** A place at which kubectl begins a line or a document and YAML 1.2 does not, why that is refused, and what to do. */
export interface ForeignBreak {
  readonly offset: number;
  readonly sentence: string;
  readonly hint: string;
}

type Row = Omit<ForeignBreak, 'offset'> & { readonly pattern: RegExp };

/**
 * kubectl reads with goyaml, and goyaml YAML 1.1, in which more characters end a line; before that it cuts a file
 * into documents by itself. What is a comment, a text or a values file to YAML 1.2 could so be an object.
 * @see https://yaml.org/spec/1.1/#b-char
 */
const ROWS: readonly Row[] = [
  endsLine('U+000D', /\r(?!\n)/u, 'end lines with LF, or with CR and LF'),
  endsLine('U+0085', /\u0085/u),
  endsLine('U+2028', /\u2028/u),
  endsLine('U+2029', /\u2029/u),
  {
    // goyaml skips it; to YAML 1.2 it is the first letter of a key.
    pattern: /(?<=\n)\uFEFF/u,
    sentence: 'character U+FEFF is a byte order mark, which belongs at the start of a file',
    hint: 'leave it out',
  },
  {
    // kubectl trims what stands behind the dashes of every space that Unicode has.
    pattern: /^---(?:#|[ \t]*[^\S \t\r\n])/mu,
    sentence: 'this line parts documents for kubectl, and none for YAML 1.2',
    hint: 'leave out what stands behind ---',
  },
  {
    // kubectl trims the start of JSON as well; with such a space it would be one word of plain text.
    pattern: /^[ \t\r\n]*[^\S \t\r\n\uFEFF]/u,
    sentence: 'the text begins with a space that is none to YAML 1.2',
    hint: 'leave it out',
  },
];

function endsLine(
  name: string,
  pattern: RegExp,
  hint = 'leave it out; an escape in double quotes may stand for it',
): Row {
  return { pattern, sentence: `character ${name} ends a line for kubectl, and none for YAML 1.2`, hint };
}

export function findForeignBreak(text: string): ForeignBreak | undefined {
  for (const { pattern, sentence, hint } of ROWS) {
    const offset = text.search(pattern);
    if (offset >= 0) return { offset, sentence, hint };
  }
  return undefined;
}

/** Whether a text can be written in double quotes only. */
export function endsForeignLines(text: string): boolean {
  return /[\r\u0085\u2028\u2029]/u.test(text);
}

/** The same text where such characters stand in double quotes and nowhere else. */
export function escapeLineEnds(text: string): string {
  return text.replaceAll(
    /[\u0085\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
