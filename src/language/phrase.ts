import type { ENGLISH } from './english.ts';

declare const shown: unique symbol;

/**
 * Text that may stand in a message whatever it holds: only what quotes and escapes makes it. So nothing of a
 * requester's can reach a message as it came, by type.
 */
export type Shown = string & { readonly [shown]: true };

/** Names a sentence in every catalogue. */
export type PhraseKey = keyof typeof ENGLISH;

/** The names of the gaps of a text: `'a' | 'b'` of `{a} or {b}`. */
export type GapsOf<Text extends string> = Text extends `${string}{${infer Gap}}${infer Rest}`
  ? Gap | GapsOf<Rest>
  : never;

/** What a gap is filled with; a phrase is said in the same language. */
export type GapValue = Shown | number | Phrase;

/** A sentence that is not said yet: which one, and what stands in its gaps. */
export interface Phrase {
  readonly key: PhraseKey;
  readonly values: Readonly<Record<string, GapValue>>;
}

/** Nothing where a text has no gap; else a value for each gap that the English text names. */
export type ValuesOf<Key extends PhraseKey> = [GapsOf<(typeof ENGLISH)[Key]>] extends [never]
  ? readonly []
  : readonly [values: Readonly<Record<GapsOf<(typeof ENGLISH)[Key]>, GapValue>>];

const NO_VALUES: Phrase['values'] = Object.freeze({});
const withoutGaps = new Map<PhraseKey, Phrase>();

/** A phrase costs one small object; one without gaps is made once. */
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

/** Whether two phrases say the same in every language. */
export function samePhrase(one: Phrase, other: Phrase): boolean {
  if (one === other) return true;
  if (one.key !== other.key) return false;
  // A list of the names would cost more than the comparison, and hundreds of images are compared with each other.
  for (const gap in one.values) if (!sameValue(one.values[gap], other.values[gap])) return false;
  return true;
}

function sameValue(one: GapValue | undefined, other: GapValue | undefined): boolean {
  return typeof one === 'object' && typeof other === 'object' ? samePhrase(one, other) : one === other;
}
