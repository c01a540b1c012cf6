import { createCatalogue, ENGLISH_CATALOGUE, type Catalogue } from './catalogue.ts';
import { CHINESE } from './chinese.ts';
import { ENGLISH } from './english.ts';
import type { FurtherCatalogue } from './further-catalogue.ts';
import type { PhraseKey } from './phrase.ts';
import { lookUpLanguage } from './tag.ts';

interface Known {
  readonly tag: string;
  readonly texts: Readonly<Record<PhraseKey, string>>;
}

const OUR_ENGLISH: Known = { tag: 'en', texts: ENGLISH };

/** The catalogues that we bring. */
const OURS: readonly Known[] = [OUR_ENGLISH, { tag: 'zh', texts: CHINESE }];

export interface Choice {
  readonly catalogue: Catalogue;
  /** Nobody speaks the language that was asked for; these are spoken. */
  readonly instead?: readonly string[];
}

/**
 * The catalogue of a language: `zh-CN` is content with `zh`, and who names none hears English. A further catalogue
 * comes before ours, is meant when no language is named, and leaves what it does not have to ours of its language,
 * else to English.
 */
export function chooseCatalogue(language: string | undefined, further?: FurtherCatalogue): Choice {
  const wanted = language ?? further?.language;
  if (wanted === undefined) return { catalogue: ENGLISH_CATALOGUE };
  const known = further === undefined ? OURS : [...OURS, complete(further)];
  const found = lookUp(wanted, known);
  if (found === undefined) return { catalogue: ENGLISH_CATALOGUE, instead: known.map(({ tag }) => tag) };
  return { catalogue: createCatalogue(found.tag, found.texts) };
}

/** The language whose sentences stand in for those that a further catalogue does not have. */
export function stopgapOf({ language }: FurtherCatalogue): string {
  return (lookUp(language, OURS) ?? OUR_ENGLISH).tag;
}

function complete({ language, messages }: FurtherCatalogue): Known {
  const { texts } = lookUp(language, OURS) ?? OUR_ENGLISH;
  return { tag: language, texts: { ...texts, ...messages } };
}

function lookUp(language: string, known: readonly Known[]): Known | undefined {
  return lookUpLanguage(
    language,
    known.map((one) => [one.tag, one] as const),
  );
}
