import { deepEqual, equal } from 'node:assert/strict';
import type { Path } from '../../src/document/json.ts';
import { readOrdinary } from '../../src/document/ordinary/read.ts';
import { DocumentError, Lines, type TextDocument } from '../../src/document/text-document.ts';
import { readDocuments } from '../../src/document/yaml.ts';
import type { FuzzTarget } from './target.ts';
import { yamlText } from './yaml-texts.ts';

/** What the reader of ordinary YAML accepts, the exact reader reads with the same value and the same places. */
export const ordinaryYaml: FuzzTarget = {
  name: 'yaml',
  generate: yamlText,
  examine: compareReaders,
};

/** @throws if the two readers differ */
export function compareReaders(text: string): string {
  const ordinary = readOrdinary(text);
  if (ordinary === undefined) return 'left to the exact reader';
  const documents = readDocuments(text, 'text', { mergeKeys: true });
  if (ordinary === null) {
    deepEqual(documents, []);
    return 'empty';
  }
  equal(documents.length, 1);
  const [exact] = documents as [TextDocument | DocumentError];
  if (exact instanceof DocumentError) throw exact;
  deepEqual(ordinary.value, exact.value);
  const lines = new Lines(text);
  for (const path of pathsOf(exact.value, []))
    deepEqual({ path, ...lines.regionOf(ordinary.spanOf(path)) }, { path, ...exact.locate(path) });
  return 'read';
}

function* pathsOf(value: unknown, path: Path): Generator<Path> {
  yield path;
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* pathsOf(item, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}
