import { isScalar, visit, type Document } from 'yaml';

const WORDS: ReadonlyMap<string, unknown> = new Map([
  ...spellings(true, 'y', 'yes', 'true', 'on'),
  ...spellings(false, 'n', 'no', 'false', 'off'),
  ...spellings(null, 'null'),
  ['', null],
  ['~', null],
  ['y', true],
  ['n', false],
]);

/** A word as go-yaml knows it: in small letters, with a capital, and in capitals. */
function spellings(value: unknown, ...words: readonly string[]): [string, unknown][] {
  return words.flatMap((word): [string, unknown][] => [
    [word, value],
    [`${word.charAt(0).toUpperCase()}${word.slice(1)}`, value],
    [word.toUpperCase(), value],
  ]);
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * The value of a plain scalar for go-yaml 2, the reader of all programs of Kubernetes: `yes` and `on` are `true`, `010`
 * is 8, `1_000` is 1000. A date is text.
 * @see https://github.com/yaml/go-yaml/blob/v2.4.4/resolve.go
 */
export function resolveGoScalar(source: string): unknown {
  if (WORDS.has(source)) return WORDS.get(source);
  if (!/^[-+.0-9]/.test(source)) return source;
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(source)) return source.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(source)) return Number.NaN;
  if (source.startsWith('.')) return FLOAT.test(source) ? Number(source) : source;
  return readNumber(source.replaceAll('_', '')) ?? source;
}

/** Whole numbers of any base with their prefix, otherwise decimal fractions. */
function readNumber(text: string): number | undefined {
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const magnitude = readWhole(digits);
  if (magnitude !== undefined) return sign === '-' ? -magnitude : magnitude;
  return FLOAT.test(text) ? Number(text) : undefined;
}

function readWhole(digits: string): number | undefined {
  if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0|[1-9][0-9]*)$/.test(digits)) return Number(digits);
  return /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The places of a document, and its errors. */
interface Places {
  readonly locate: (offset: number) => { readonly line: number };
  readonly problem: (offset: number, sentence: string, hint: string) => Error;
}

/**
 * Gives each plain scalar of a document, and each key, the value that go-yaml reads. Quoted text stays text. Throws the
 * problem of a key that has several lines, which go-yaml does not read.
 */
export function resolveAsGo(document: Document, places: Places): void {
  const lineOf = (offset: number): number => places.locate(offset).line;
  visit(document, (kind, node) => {
    if (!isScalar(node)) return;
    const [start, end] = node.range ?? [0, 0];
    if (kind === 'key' && lineOf(start) !== lineOf(end))
      throw places.problem(start, 'a key has several lines', 'look for a comment with // or a missing comma');
    if (node.type === 'PLAIN' && node.tag === undefined && node.source !== undefined)
      node.value = resolveGoScalar(node.source);
  });
}
