import type { ENGLISH } from './english.ts';

declare const shown: unique symbol;

/**
 * Text that is safe in a message. Only functions that quote or escape make it, so the type keeps raw text of a requester
 * out of messages.
 */
export type Shown = string & { readonly [shown]: true };

/** Names a sentence in every catalogue. */
export type PhraseKey = keyof typeof ENGLISH;

/** The names of the gaps of a text: `'a' | 'b'` of `{a} or {b}`. */
export type GapsOf<Text extends string> = Text extends `${string}{${infer Gap}}${infer Rest}`
  ? Gap | GapsOf<Rest>
  : never;

/** The value of a gap. A phrase is rendered in the same language. */
export type GapValue = Shown | number | Phrase;

/** A sentence before it is rendered: its key, and the values of its gaps. */
export interface Phrase {
  readonly key: PhraseKey;
  readonly values: Readonly<Record<string, GapValue>>;
}

/** No argument if the text has no gap, otherwise a value for each gap of the English text. */
type ValuesOf<Key extends PhraseKey> = [GapsOf<(typeof ENGLISH)[Key]>] extends [never]
  ? readonly []
  : readonly [values: Readonly<Record<GapsOf<(typeof ENGLISH)[Key]>, GapValue>>];

const NO_VALUES: Phrase['values'] = Object.freeze({});
const withoutGaps = new Map<PhraseKey, Phrase>();

/** Makes a phrase, which is one small object. A phrase without gaps is made once and shared. */
export function phrase<Key extends PhraseKey>(key: Key, ...values: ValuesOf<Key>): Phrase;
export function phrase(key: PhraseKey, values?: Phrase['values']): Phrase {
  return values === undefined ? constantPhrase(key) : { key, values };
}

function constantPhrase(key: PhraseKey): Phrase {
  const known = withoutGaps.get(key);
  if (known !== undefined) return known;
  const made = Object.freeze({ key, values: NO_VALUES });
  withoutGaps.set(key, made);
  return made;
}

/** Whether two phrases are the same in every language. */
export function samePhrase(one: Phrase, other: Phrase): boolean {
  if (one === other) return true;
  if (one.key !== other.key) return false;
  // Object.keys() would cost more than the comparison, and a denial compares hundreds of images.
  for (const gap in one.values) if (!sameValue(one.values[gap], other.values[gap])) return false;
  return true;
}

function sameValue(one: GapValue | undefined, other: GapValue | undefined): boolean {
  return typeof one === 'object' && typeof other === 'object' ? samePhrase(one, other) : one === other;
}
