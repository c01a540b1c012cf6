import type { ENGLISH } from './english.ts';
import { phrase, type GapsOf, type GapValue, type Phrase, type PhraseKey } from './phrase.ts';

/** Sentences that have a remedy. */
export type ObjectionKey = {
  [Key in PhraseKey]: `${Key}.remedy` extends PhraseKey ? Key : never;
}[PhraseKey];

/** The stable code that a key begins with. */
type CodeOf<Key extends PhraseKey> = Key extends `${infer Code}.${string}` ? Code : never;

/** A problem with its stable code, its reason and its remedy. */
export interface Objection<Code extends string = string> {
  readonly code: Code;
  /** A clause in lower case, without the place: `tag "latest" is not allowed`. */
  readonly reason: Phrase;
  /** The remedy, a clause in the imperative: `use another image`. */
  readonly remedy: Phrase;
}

type Gaps<Key extends ObjectionKey> = GapsOf<(typeof ENGLISH)[Key | `${Key}.remedy`]>;

/** Values for the gaps of both sentences; no argument if neither has a gap. */
export type ObjectionValues<Key extends ObjectionKey> = [Gaps<Key>] extends [never]
  ? readonly []
  : readonly [values: Readonly<Record<Gaps<Key>, GapValue>>];

/** Both sentences of a key, with one set of values for the gaps of both. */
export function objection<Key extends ObjectionKey>(
  key: Key,
  ...[values]: ObjectionValues<Key>
): Objection<CodeOf<Key>> {
  const remedyKey: PhraseKey = `${key}.remedy`;
  const code = key.slice(0, key.indexOf('.')) as CodeOf<Key>;
  // The parameter types already check the values against the gaps of both texts. Here the type of one key cannot express it.
  const fill = phrase as (key: PhraseKey, values?: Phrase['values']) => Phrase;
  return { code, reason: fill(key, values), remedy: fill(remedyKey, values) };
}
