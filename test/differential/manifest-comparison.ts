import { deepEqual } from 'node:assert/strict';
import { isObject } from '../../src/document/json.ts';
import { readManifestText } from '../../src/document/manifest-text.ts';
import { DocumentError } from '../../src/document/text-document.ts';
import type { ManifestAnswer } from './manifest-readers.ts';

/** Why only `check` refuses a text (docs/cli.md, decision 21). */
const DOCUMENTED: readonly RegExp[] = [
  /^key ".*" occurs twice/s,
  /ends a line for kubectl/,
  /is a byte order mark/,
  /separates documents for kubectl/,
  /begins with a space character that YAML 1\.2 does not know/,
  /so kubectl reads a key/,
  /^a tag has no value/,
  /^Unresolved tag/,
  /^"<<" has a tag/,
  /^this merge replaces the key/,
  /^a key is not plain text/,
  /^Comments must be separated/,
];

/**
 * The class of a text.
 * @throws if kubectl reads something else, or reads a text that `check` refuses without a documented reason
 */
export async function compareManifest(text: string, theirs: ManifestAnswer): Promise<string> {
  const ours = await readAll(text);
  if (ours.problem === '' && theirs.problem === '') {
    // kubectl ignores what follows the end of a document that is marked with "...".
    deepEqual(
      ours.documents.slice(0, theirs.documents.length).map(comparable),
      theirs.documents.map(comparable),
    );
    return ours.documents.length > theirs.documents.length ? 'check reads more' : 'both read the same';
  }
  // kubectl refuses text and lists a step later.
  if (ours.problem !== '' && (theirs.problem !== '' || !theirs.documents.every(isObject)))
    return 'both refuse';
  if (theirs.problem !== '') return 'only kubectl refuses';
  if (DOCUMENTED.some((reason) => reason.test(ours.problem)))
    return 'only check refuses, for a documented reason';
  if (await ignoresRest(text, theirs)) return 'only check refuses; kubectl ignores the rest';
  throw new Error(`only check refuses: ${ours.problem}`);
}

/** What `check` reads, up to its first problem. */
async function readAll(text: string): Promise<ManifestAnswer> {
  const documents: unknown[] = [];
  for await (const document of readManifestText(text, 'text')) {
    if (document instanceof DocumentError) return { documents, problem: document.sentence };
    documents.push(document.value);
  }
  return { documents, problem: '' };
}

/**
 * Whether `check` reads the documents of kubectl in a beginning of the text, or refuses that for a documented reason. kubectl ignores what follows the first value of
 * a document, and reads what follows one JSON object as YAML.
 */
async function ignoresRest(text: string, { documents }: ManifestAnswer): Promise<boolean> {
  for (const { index } of text.matchAll(/$|\W/gm)) {
    const beginning = await readAll(text.slice(0, index));
    if (DOCUMENTED.some((reason) => reason.test(beginning.problem))) return true;
    const rest = documents.slice(beginning.documents.length);
    const isJson = /^\s*\{/.test(text) && beginning.documents.length === 1;
    if (
      beginning.problem === '' &&
      (rest.length === 0 || isJson) &&
      isSame(beginning.documents, documents.slice(0, beginning.documents.length))
    )
      return true;
  }
  return false;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(comparable(one)) === JSON.stringify(comparable(other));
}

/**
 * A value without what YAML 1.1 and 1.2 take differently, and what cannot hide an image: plain words and numbers, also as
 * keys, and a colon before a comma or a bracket.
 */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [comparableKey(key), comparable(item)] as const,
    );
    return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }
  return typeof value === 'string' && !isPlainWord(value) ? value : 'a plain word or a number';
}

function comparableKey(key: string): string {
  if (/^(?:y|yes|on|true)$/i.test(key)) return 'true';
  return /^(?:n|no|off|false)$/i.test(key) ? 'false' : key.replace(/:$/, '');
}

/** Whether the text is a boolean, a number, a time or nothing in YAML 1.1 or 1.2. */
function isPlainWord(text: string): boolean {
  return /^(?:y|yes|on|true|n|no|off|false|null|~|)$/i.test(text) || /^[-+.]?[0-9.]/.test(text);
}
