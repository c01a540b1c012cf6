import { isCollection, isScalar, visit, type Document } from 'yaml';

/** Most lines that are moved, and most characters that are parsed again for them. */
const MAX_LINES = 200;
const MAX_CHARACTERS = 4_000_000;

/** Documents, and how their offsets relate to the text. */
interface ParsedText {
  readonly documents: readonly Document.Parsed[];
  /** The offset in the text of an offset in a document. */
  readonly original: (offset: number) => number;
}

/** Spaces that were added at an offset of the parsed text. */
interface Indent {
  readonly at: number;
  readonly columns: number;
}

/**
 * Parses a text in which quoted texts and collections in brackets go on at or left of the column of their parent. YAML
 * forbids that, but kubectl reads it. Each of these lines is parsed as if it began further right, which changes no value:
 * blanks before such a line belong to no value. The errors are then those that remain.
 */
export function parseContinued(
  text: string,
  parse: (text: string) => readonly Document.Parsed[],
): ParsedText {
  const documents = parse(text);
  const asItIs: ParsedText = { documents, original: (offset) => offset };
  const most = Math.min(MAX_LINES, MAX_CHARACTERS / text.length);
  let moved: ParsedText & { readonly text: string; readonly indents: readonly Indent[] } = {
    ...asItIs,
    text,
    indents: [],
  };
  for (let count = 0; count < most; count += 1) {
    const start = startOfLineToMove(moved.text, moved.documents);
    if (start === undefined) break;
    const columns = columnsOf(moved.text, start);
    const indents = [
      ...moved.indents.map((one) => (one.at >= start ? { ...one, at: one.at + columns } : one)),
      { at: start, columns },
    ];
    const longer = moved.text.slice(0, start) + ' '.repeat(columns) + moved.text.slice(start);
    moved = {
      text: longer,
      indents,
      documents: parse(longer),
      original: (offset) => offset - indents.reduce((sum, one) => sum + columnsBefore(one, offset), 0),
    };
  }
  return areContinued(moved.documents, moved.indents) && !failsBefore(moved) ? moved : asItIs;
}

/** Whether a fault begins before a moved line. Then the line was not the fault: a bracket above it has no end, for example. */
function failsBefore({
  documents,
  indents,
}: {
  documents: ParsedText['documents'];
  indents: readonly Indent[];
}): boolean {
  const first = Math.min(...documents.flatMap(({ errors }) => errors.map(({ pos }) => pos[0])));
  return indents.some(({ at }) => first < at);
}

function columnsBefore({ at, columns }: Indent, offset: number): number {
  return Math.min(columns, Math.max(0, offset - at));
}

/** The start of the line that the parser objects to first; `undefined` if it objects to something else. */
function startOfLineToMove(text: string, documents: readonly Document.Parsed[]): number | undefined {
  const error = documents.find(({ errors }) => errors.length > 0)?.errors[0];
  if (error === undefined) return undefined;
  const [at] = error.pos;
  // The error is at the end of the line before.
  if (error.code === 'MISSING_CHAR' && /^Missing closing ["']quote/.test(error.message)) {
    const lineEnd = text.indexOf('\n', at);
    return lineEnd < 0 || text.startsWith('...', lineEnd + 1) ? undefined : lineEnd + 1;
  }
  if (error.code === 'BAD_INDENT' && /^Flow (?:map|sequence) in block/.test(error.message))
    return text.lastIndexOf('\n', at - 1) + 1;
  return undefined;
}

/** More columns than the parent of the line before can have: it may begin behind several indicators. */
function columnsOf(text: string, start: number): number {
  const before = text.slice(0, start).trimEnd();
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return (/^[ ?:-]*/.exec(line)?.[0].length ?? 0) + 1;
}

/** Whether each added indent is within a quoted text or a collection in brackets. Elsewhere it could change a value. */
function areContinued(documents: readonly Document.Parsed[], indents: readonly Indent[]): boolean {
  const ranges: (readonly [start: number, end: number])[] = [];
  for (const document of documents) {
    visit(document, (_, node) => {
      const isQuoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
      const isFlow = isCollection(node) && node.flow === true;
      if ((isQuoted || isFlow) && node.range) ranges.push([node.range[0], node.range[1]]);
    });
  }
  return indents.every(({ at, columns }) => ranges.some(([start, end]) => start < at && at + columns < end));
}
