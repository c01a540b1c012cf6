import { findForeignBreak, foreignBreakError } from './line-breaks.ts';
import { readOrdinary, type OrdinaryDocument } from './ordinary/read.ts';
import { Lines, type DocumentError, type TextDocument } from './text-document.ts';

/** A part of a text: all of it, a document between two separators, or one JSON object of several. */
interface Part {
  readonly text: string;
  /** Offset of its first character in the whole text. */
  readonly start: number;
}

/**
 * Reads the documents of a file of manifests, one at a time. The values and the errors are those of `readDocuments`, with
 * merge keys. Ordinary documents are read fifteen times as fast. JSON objects may follow each other without a separator,
 * as for kubectl.
 */
export async function* readManifestText(
  original: string,
  file: string,
): AsyncGenerator<TextDocument | DocumentError> {
  const foreign = findForeignBreak(original);
  if (foreign !== undefined) {
    yield foreignBreakError(file, original, foreign);
    return;
  }
  // Behind the check above, each carriage return is a part of a line end. Columns do not change.
  const text = original.includes('\r') ? original.replaceAll('\r\n', '\n') : original;
  const lines = new Lines(text);
  for (const document of splitDocuments(text)) {
    for (const part of splitObjects(document)) {
      const ordinary = readOrdinary(part.text);
      if (ordinary === null) continue;
      if (ordinary === undefined) {
        // Most files need only the fast reader, so the library is loaded for the first other one.
        const { readDocuments } = await import('./yaml.ts');
        yield* readDocuments(part.text, file, { mergeKeys: true, part: { lines, start: part.start } });
      } else yield locatedIn(lines, part.start, ordinary);
    }
  }
}

/** An ordinary document as a document of the text that it is a part of. `offset` is the place of its first character. */
export function locatedIn(lines: Lines, offset: number, { value, spanOf }: OrdinaryDocument): TextDocument {
  const locate: TextDocument['locate'] = (path) => {
    const [start, end] = spanOf(path);
    return lines.regionOf([offset + start, offset + end]);
  };
  const positionOf: TextDocument['positionOf'] = (path) => {
    const { line, column } = locate(path);
    return `${line}:${column}`;
  };
  return { value, locate, positionOf };
}

/** A line that ends a document and begins no other content; kubectl splits files there, too. */
const SEPARATOR = /^---(?: *| +#.*)$/gm;

/** A line with another meaning: text behind `---`, the end of a document, or a directive. */
const OTHER_MARKER = /^(?:\.\.\.|%|---(?!(?: *| +#.*)$))/m;

function* splitDocuments(text: string): Generator<Part> {
  if (OTHER_MARKER.test(text)) {
    yield { text, start: 0 };
    return;
  }
  let start = 0;
  for (const { index, 0: separator } of text.matchAll(SEPARATOR)) {
    if (index > start) yield { text: text.slice(start, index), start };
    start = index + separator.length;
  }
  yield { text: start === 0 ? text : text.slice(start), start };
}

/** JSON objects that follow each other are not YAML, but kubectl reads them: `{"kind": …} {"kind": …}`. */
function splitObjects(part: Part): readonly Part[] {
  const ends = endsOfObjects(part.text);
  if (ends.length < 2) return [part];
  const parts = ends.map((end, index) => {
    const from = ends[index - 1] ?? 0;
    return { text: part.text.slice(from, end), start: part.start + from };
  });
  return parts.every(({ text }) => isJson(text)) ? parts : [part];
}

/** The offsets behind the objects of a text; none if there is anything else than objects and blanks. */
function endsOfObjects(text: string): readonly number[] {
  const ends: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') depth += 1;
    else if (depth === 0 && !/\s/.test(character ?? '')) return [];
    else if (character === '"') at = endOfQuoted(text, at);
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) ends.push(at + 1);
    }
  }
  return depth === 0 ? ends : [];
}

/** The offset of the quote that ends a text in quotes; the length of the text if none does. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
