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

const SHIPPED_ENGLISH: Known = { tag: 'en', texts: ENGLISH };

/** The catalogues of the product. */
const SHIPPED: readonly Known[] = [SHIPPED_ENGLISH, { tag: 'zh', texts: CHINESE }];

interface Choice {
  readonly catalogue: Catalogue;
  /** The languages that have a catalogue, if the wanted language has none. */
  readonly instead?: readonly string[];
}

/**
 * The catalogue of a language. `zh-CN` falls back to `zh`; without a language it is English. A further catalogue has
 * priority over those of the product, and it is the default if no language is named. Its missing sentences come from the
 * product's catalogue of the same language, otherwise from the English one.
 */
export function chooseCatalogue(language: string | undefined, further?: FurtherCatalogue): Choice {
  const wanted = language ?? further?.language;
  if (wanted === undefined) return { catalogue: ENGLISH_CATALOGUE };
  const known = further === undefined ? SHIPPED : [...SHIPPED, complete(further)];
  const found = lookUp(wanted, known);
  if (found === undefined) return { catalogue: ENGLISH_CATALOGUE, instead: known.map(({ tag }) => tag) };
  return { catalogue: createCatalogue(found.tag, found.texts) };
}

/** The language of the sentences that a further catalogue lacks. */
export function stopgapOf({ language }: FurtherCatalogue): string {
  return (lookUp(language, SHIPPED) ?? SHIPPED_ENGLISH).tag;
}

function complete({ language, messages }: FurtherCatalogue): Known {
  const { texts } = lookUp(language, SHIPPED) ?? SHIPPED_ENGLISH;
  return { tag: language, texts: { ...texts, ...messages } };
}

function lookUp(language: string, known: readonly Known[]): Known | undefined {
  return lookUpLanguage(
    language,
    known.map((one) => [one.tag, one] as const),
  );
}
