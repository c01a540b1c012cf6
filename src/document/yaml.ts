import { isAlias, isMap, isNode, isPair, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';

/** Most aliases that one document may hold: anchors are for saving lines, not for bombs (C11). */
const MAX_ALIASES = 100;

/** One document of a file, and where its parts stand in the text. */
export interface TextDocument {
  readonly value: unknown;
  /**
   * `line:column` of what a path leads to, both from 1: the key of a map, the item of a list. Where the path
   * ends early, the last part of it that is there.
   */
  positionOf(path: readonly (string | number)[]): string;
}

/** Text that is no YAML, no JSON, or would be read in two ways; the message begins with `file:line:column`. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly code = 'DOCUMENT_SYNTAX';
}

/**
 * Reads the documents of a file: YAML 1.2, of which JSON is a part. Empty documents are left out. Keys that
 * stand twice, unknown tags and too many aliases are errors; `<<` is a key like any other.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @see https://yaml.org/spec/1.2.2/
 */
export function parseDocuments(text: string, file: string): TextDocument[] {
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: true,
      merge: false,
      version: '1.2',
    });
    if (!Array.isArray(documents)) return [];
    return documents.flatMap((document) => openDocument(document, file, lines));
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    // The parser is recursive: what nests too deeply for it ends here too.
    throw new DocumentError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function openDocument(document: Document, file: string, lines: LineCounter): TextDocument[] {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const sentence = problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    throw new DocumentError(`${file}:${renderPosition(lines, problem.pos[0])}: ${sentence}`, {
      cause: problem,
    });
  }
  if (document.contents === null) return [];
  const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  if (value === null) return [];
  return [{ value, positionOf: (path) => renderPosition(lines, offsetOf(document, path)) }];
}

function renderPosition(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    const found = childOf(node, key);
    if (found === undefined) break;
    const place = isPair(found) ? found.key : found;
    if (isNode(place)) offset = place.range?.[0] ?? offset;
    node = isPair(found) ? found.value : found;
  }
  return offset;
}

function childOf(node: unknown, key: string | number): unknown {
  if (isSeq(node) && typeof key === 'number') return node.items[key];
  if (isMap(node)) return node.items.find((pair) => String(pair.key) === String(key));
  return undefined;
}
