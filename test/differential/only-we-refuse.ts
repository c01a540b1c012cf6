import type { InvalidReference } from '../../src/image/reference.ts';
import type { PhraseKey } from '../../src/language/phrase.ts';

/**
 * The texts that distribution/reference v0.6.0 accepts and our parser refuses, in the order of
 * docs/image-references.md. Any other such refusal is a fault of the parser or of the page.
 */
export const ONLY_WE_REFUSE: readonly PhraseKey[] = [
  'INVALID_REFERENCE.too-long',
  'INVALID_REFERENCE.name-too-long',
  'AMBIGUOUS_REFERENCE.host-upper-case',
  'AMBIGUOUS_REFERENCE.upper-case',
  'AMBIGUOUS_REFERENCE.host-underscore',
  'AMBIGUOUS_REFERENCE.host-number',
  'AMBIGUOUS_REFERENCE.number',
  'AMBIGUOUS_REFERENCE.number-first',
  'INVALID_REFERENCE.ipv6',
  'AMBIGUOUS_REFERENCE.ipv6-spelling',
  'AMBIGUOUS_REFERENCE.ipv4-in-ipv6',
  'INVALID_REFERENCE.port-range',
  'AMBIGUOUS_REFERENCE.port-zero',
  'AMBIGUOUS_REFERENCE.transport',
  'AMBIGUOUS_REFERENCE.digest-or-name',
  'UNSUPPORTED_DIGEST.algorithm',
];

const DOCUMENTED: ReadonlySet<string> = new Set(ONLY_WE_REFUSE);

/** The key of a documented refusal; `undefined` if the page does not list it. */
export function documentedRefusal({ reason: { key, values } }: InvalidReference): string | undefined {
  // Go does not know the other kinds of text either.
  if (key === 'UNSUPPORTED_DIGEST.algorithm' && values['algorithm'] !== '"sha384"') return undefined;
  return DOCUMENTED.has(key) ? key : undefined;
}
