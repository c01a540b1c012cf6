import {
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isMisread, escapeMisread } from './line-breaks.ts';
import { renderBlock } from './render.ts';

type Key = string | number;
type Collection = YAMLMap | YAMLSeq;

/** A key with its value, or an item, and its range in the text. */
interface Part {
  readonly start: number;
  /** After its last character. A comment after it on the line does not belong to it. */
  readonly end: number;
  readonly node: unknown;
}

/**
 * The text with a value set at a path whose parent exists. It replaces the part at the path; if there is none, it is
 * added after the last part of the parent. `undefined` if it cannot be added.
 * @param index of the document in the text, without empty documents
 */
export function setNode(text: string, path: readonly Key[], value: unknown, index = 0): string | undefined {
  const key = path.at(-1);
  const root = rootOf(text, index);
  const parent = nodeAt(root, path.slice(0, -1));
  if (key === undefined || !isCollectionOf(parent)) return undefined;
  const parts = partsOf(parent);
  const part = indexOf(parent, key);
  if (part !== -1) return replacePart(text, parent, parts[part], key, value);
  if (parent.flow === true) {
    // In block style an empty list `[]` becomes a list of several lines.
    const holder = parts.length === 0 ? nodeAt(root, path.slice(0, -2)) : undefined;
    if (isMap(holder) && holder.flow !== true)
      return setNode(text, path.slice(0, -1), typeof key === 'number' ? [value] : { [key]: value }, index);
    return appendInFlow(text, parent, parts, key, value);
  }
  return appendInBlock(text, parent, parts, key, value);
}

/** The text without the part at a path. Its map or list must have other parts. */
export function removeNode(text: string, path: readonly Key[], index = 0): string | undefined {
  const key = path.at(-1);
  const parent = nodeAt(rootOf(text, index), path.slice(0, -1));
  if (key === undefined || !isCollectionOf(parent)) return undefined;
  const parts = partsOf(parent);
  const at = indexOf(parent, key);
  const [before, part, after] = [parts[at - 1], parts[at], parts[at + 1]];
  if (part === undefined) return undefined;
  const from = isSeq(parent) && parent.flow !== true ? dashBefore(text, part) : part.start;
  if (parent.flow !== true && isFirstOnLine(text, from)) {
    return cut(text, lineStart(text, from), nextLine(text, part.end), '');
  }
  if (after !== undefined) {
    const to = isSeq(parent) && parent.flow !== true ? dashBefore(text, after) : after.start;
    return cut(text, from, to, '');
  }
  return before === undefined ? undefined : cut(text, before.end, part.end, '');
}

function replacePart(
  text: string,
  parent: Collection,
  part: Part | undefined,
  key: Key,
  value: unknown,
): string | undefined {
  if (part === undefined) return undefined;
  const old = isPair(part.node) ? part.node.value : part.node;
  const isFlow = parent.flow === true;
  if (isScalar(old) && isOnOneLine(old) && !isNested(value)) {
    const [from, to] = rangeOf(old);
    return cut(text, from, to, renderScalar(value, isFlow ? 'QUOTE_DOUBLE' : old.type));
  }
  const start = isSeq(parent) && !isFlow ? dashBefore(text, part) : part.start;
  const lines = isFlow ? flowLines(key, value, '  ') : blockLines(key, value);
  const end = endWithoutBreak(text, part.end);
  // A key without a value ends with its colon.
  const isBare = /^\s*:/.test(text.slice(end)) && isPair(part.node);
  return cut(text, start, isBare ? text.indexOf(':', end) + 1 : end, indented(text, start, lines));
}

function appendInBlock(
  text: string,
  parent: Collection,
  parts: readonly Part[],
  key: Key,
  value: unknown,
): string | undefined {
  const last = parts.at(-1);
  if (last === undefined) return undefined;
  const start = isSeq(parent) ? dashBefore(text, last) : last.start;
  const added = `${' '.repeat(columnOf(text, start))}${indented(text, start, blockLines(key, value))}`;
  const at = nextLine(text, last.end);
  const eol = lineBreakOf(text);
  return at > 0 && text[at - 1] === '\n'
    ? cut(text, at, at, `${added}${eol}`)
    : cut(text, at, at, `${eol}${added}`);
}

function appendInFlow(
  text: string,
  parent: Collection,
  parts: readonly Part[],
  key: Key,
  value: unknown,
): string | undefined {
  const last = parts.at(-1);
  const [start] = parent.range ?? [];
  if (start === undefined) return undefined;
  if (last === undefined) return cut(text, start + 1, start + 1, flowLines(key, value, '').join(''));
  if (!isFirstOnLine(text, last.start))
    return cut(text, last.end, last.end, `, ${flowLines(key, value, '').join('')}`);
  const indentation = text.slice(lineStart(text, last.start), last.start);
  const lines = flowLines(key, value, indentation.includes('\t') ? '\t' : '  ');
  const added = lines.map((line) => `${lineBreakOf(text)}${indentation}${line}`).join('');
  return cut(text, last.end, last.end, `,${added}`);
}

function rootOf(text: string, index: number): unknown {
  const documents = [...parseAllDocuments(text, { version: '1.2', schema: 'core', resolveKnownTags: false })];
  // A document of `null` alone is empty too.
  return documents.filter(({ contents }) => contents !== null && !isNull(contents))[index]?.contents;
}

function isNull(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function nodeAt(root: unknown, path: readonly Key[]): unknown {
  return path.reduce<unknown>((node, key) => {
    if (isSeq(node)) return node.items[Number(key)];
    if (isMap(node)) return pairOf(node, key)?.value;
    return undefined;
  }, root);
}

function isCollectionOf(node: unknown): node is Collection {
  return isMap(node) || isSeq(node);
}

function pairOf(map: YAMLMap, key: Key): Pair | undefined {
  return map.items.find((pair) => String(pair.key) === String(key));
}

function indexOf(parent: Collection, key: Key): number {
  if (isMap(parent)) return parent.items.findIndex((pair) => String(pair.key) === String(key));
  return Number(key) < parent.items.length ? Number(key) : -1;
}

function partsOf(parent: Collection): Part[] {
  return parent.items.map((node) => {
    const first = isPair(node) ? node.key : node;
    return { node, start: rangeOf(first)[0], end: contentEnd(node) };
  });
}

/** The end of the content of a block: the end of its last part. For the parser, a block ends where the next block begins. */
function contentEnd(node: unknown): number {
  if (isPair(node)) {
    const { value } = node;
    return isNode(value) && rangeOf(value)[1] > rangeOf(value)[0] ? contentEnd(value) : rangeOf(node.key)[1];
  }
  if (isCollection(node) && node.flow !== true && node.items.length > 0) return contentEnd(node.items.at(-1));
  return rangeOf(node)[1];
}

function rangeOf(node: unknown): [number, number] {
  const [start = 0, end = 0] = (node as ParsedNode | null)?.range ?? [];
  return [start, end];
}

/** The lines of a value in block style. The first begins with `key: ` or `- `. */
function blockLines(key: Key, value: unknown): string[] {
  // As Kubernetes and kubeadm write it: the dashes of a list are in the column of its key.
  return renderBlock(typeof key === 'number' ? [value] : { [key]: value }, { indentSeq: false })
    .trimEnd()
    .split('\n');
}

/** The same as JSON, which is also YAML. Without indentation it is on one line. */
function flowLines(key: Key, value: unknown, indentation: string): string[] {
  const lines = (indentation === '' ? spaced(quoted(value)) : quoted(value, indentation)).split('\n');
  return typeof key === 'number' ? lines : [`${quoted(key)}: ${lines[0] ?? ''}`, ...lines.slice(1)];
}

/** Adds a space after each colon and comma outside strings. */
function spaced(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|([:,])/g, (_, text: string | undefined, mark: string) =>
    text === undefined ? `${mark} ` : text,
  );
}

function isOnOneLine(scalar: Scalar): boolean {
  const [start, end] = rangeOf(scalar);
  return end > start && scalar.type !== 'BLOCK_LITERAL' && scalar.type !== 'BLOCK_FOLDED';
}

function renderScalar(value: unknown, style: string | null | undefined): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (style === 'QUOTE_DOUBLE' || value.includes('\n') || isMisread(value)) return quoted(value);
  if (style === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`;
  return renderBlock(value, {}).trimEnd();
}

/** JSON with escapes for the line breaks that only YAML 1.1 knows. */
function quoted(value: unknown, indentation?: string): string {
  return escapeMisread(JSON.stringify(value, null, indentation));
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function indented(text: string, at: number, lines: readonly string[]): string {
  return lines.join(`${lineBreakOf(text)}${' '.repeat(columnOf(text, at))}`);
}

function dashBefore(text: string, part: Part): number {
  return text.lastIndexOf('-', part.start - 1);
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** The start of the next line after `at`, or the end of the text. A comment on this line is skipped. */
function nextLine(text: string, at: number): number {
  // The last line break of a block scalar belongs to it.
  if (text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

function endWithoutBreak(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length;
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

function isFirstOnLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === '';
}

function lineBreakOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function cut(text: string, from: number, to: number, between: string): string {
  return `${text.slice(0, from)}${between}${text.slice(to)}`;
}
