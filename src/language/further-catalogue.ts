import { isDeepStrictEqual } from 'node:util';
import { gapsOf } from './catalogue.ts';
import { ENGLISH } from './english.ts';
import { isOneLine } from './one-line.ts';
import type { PhraseKey } from './phrase.ts';
import { LANGUAGE_TAG } from './tag.ts';

/** Longest text of a further catalogue, in UTF-16 code units: twice the longest text of the product. */
export const TEXT_CHARACTERS = 240;

/** A catalogue that the user wrote. Some of its texts may be missing. */
export interface FurtherCatalogue {
  readonly language: string;
  readonly messages: Readonly<Partial<Record<PhraseKey, string>>>;
}

/** A problem of a document, at a path in it. */
interface CatalogueProblem {
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

/** Reads a document `{language, messages}`: the catalogue, or all problems of the document. */
export function decodeCatalogue(document: unknown): FurtherCatalogue | readonly CatalogueProblem[] {
  // A file that is something else may be a key or a token, so nothing of it is quoted.
  if (!isObject(document) || !('language' in document || 'messages' in document))
    return [problem([], 'this is not a catalogue', 'write the keys language and messages')];
  const { language, messages, ...others } = document;
  const problems = Object.keys(others).map((key) =>
    problem(
      [key],
      `${JSON.stringify(key)} is not a key of a catalogue`,
      'the keys are language and messages',
    ),
  );
  if (typeof language !== 'string' || !LANGUAGE_TAG.test(language))
    problems.push(problem(['language'], 'it is not a language tag', 'write a tag such as de or pt-BR'));
  if (!isObject(messages))
    problems.push(problem(['messages'], 'it is not a map', 'write a text for each key'));
  else problems.push(...Object.entries(messages).flatMap(([key, text]) => examineText(key, text)));
  if (problems.length > 0) return problems;
  return { language, messages } as FurtherCatalogue;
}

/** The keys that a catalogue lacks. */
export function missingKeys({ messages }: FurtherCatalogue): PhraseKey[] {
  return (Object.keys(ENGLISH) as PhraseKey[]).filter((key) => messages[key] === undefined);
}

function examineText(key: string, text: unknown): readonly CatalogueProblem[] {
  const path = ['messages', key];
  if (!Object.hasOwn(ENGLISH, key))
    return [problem(path, 'there is no such message', 'docs/language.md has all keys')];
  if (typeof text !== 'string') return [problem(path, 'it is not text', 'write it in quotes')];
  if (text.trim() === '' && !key.startsWith('words.'))
    return [problem(path, 'it is empty', 'leave it out to use the English text')];
  if (text.length > TEXT_CHARACTERS)
    return [problem(path, `it has more than ${TEXT_CHARACTERS} characters`, 'shorten it')];
  if (!isOneLine(text)) {
    const hint = 'write one line, without line breaks, tabs and direction marks';
    return [problem(path, 'it has a control character', hint)];
  }
  const gaps = gapsOf(ENGLISH[key as PhraseKey]).toSorted();
  if (hasOtherBraces(text) || !isDeepStrictEqual(gapsOf(text).toSorted(), gaps))
    return [problem(path, 'its gaps are not those of the English text', gapHint(gaps))];
  return [];
}

function hasOtherBraces(text: string): boolean {
  return /[{}]/.test(text.replaceAll(/\{[^{}]*\}/g, ''));
}

function gapHint(gaps: readonly string[]): string {
  if (gaps.length === 0) return 'the English text has no gaps; write no braces';
  return `write ${gaps.map((gap) => `{${gap}}`).join(' and ')}, each once, and no other braces`;
}

function problem(path: readonly string[], message: string, hint: string): CatalogueProblem {
  return { path, message, hint };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
