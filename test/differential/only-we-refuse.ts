import { inEnglish } from '../../src/language/catalogue.ts';
import type { InvalidReference } from '../../src/image/reference.ts';

type Documented = readonly [name: string, code: InvalidReference['code'], reason: RegExp];

/**
 * Everything that distribution/reference v0.6.0 reads and we refuse, by the names that docs/image-references.md gives
 * it. Whatever else only we refuse is a mistake: of the parser, or of the document.
 */
const DOCUMENTED: readonly Documented[] = [
  ['text-length', 'INVALID_REFERENCE', /^the reference has \d+ characters, more than 1024$/],
  ['name-length', 'INVALID_REFERENCE', /^registry and repository have \d+ characters, more than 255$/],
  ['upper-case-host', 'AMBIGUOUS_REFERENCE', /^registry host "[^"]+"(?:\.\.\.)? has an upper-case letter$/],
  [
    'upper-case-namespace',
    'AMBIGUOUS_REFERENCE',
    /^first component "[^"]+"(?:\.\.\.)? has an upper-case letter, /,
  ],
  [
    'underscore-host',
    'AMBIGUOUS_REFERENCE',
    /^first component "[^"]+"(?:\.\.\.)? is a host with "_" to some/,
  ],
  [
    'number-host',
    'AMBIGUOUS_REFERENCE',
    /^registry host "[^"]+"(?:\.\.\.)? ends in a number and is no dotted IPv4/,
  ],
  ['number-namespace', 'AMBIGUOUS_REFERENCE', /^first component "[^"]+"(?:\.\.\.)? is a number, /],
  ['not-ipv6', 'INVALID_REFERENCE', /^"\[[^"]*\]?"(?:\.\.\.)? is no IPv6 address$/],
  ['ipv6-spelling', 'AMBIGUOUS_REFERENCE', /^the IPv6 address "\[[^"]+\]" is not in its canonical spelling$/],
  ['ipv6-mapped', 'AMBIGUOUS_REFERENCE', /^"\[[^"]+\]" is an IPv4 address in IPv6 clothes$/],
  ['port-range', 'INVALID_REFERENCE', /^port "\d+"(?:\.\.\.)? is out of range$/],
  ['port-leading-zero', 'AMBIGUOUS_REFERENCE', /^port "0\d+"(?:\.\.\.)? has a leading zero$/],
  ['transport', 'AMBIGUOUS_REFERENCE', /^"[a-z-]+:" is a transport to some/],
  [
    'bare-digest',
    'AMBIGUOUS_REFERENCE',
    /^"sha[^"]+"\.\.\. is a digest to some and a name with a tag to others$/,
  ],
  ['digest-algorithm', 'UNSUPPORTED_DIGEST', /^digest algorithm "sha384" is not supported$/],
];

/** Their names, in the order of the document. */
export const ONLY_WE_REFUSE: readonly string[] = DOCUMENTED.map(([name]) => name);

/** The documented name of a refusal; `undefined` when the document does not have it. */
export function documentedRefusal({ code, reason }: InvalidReference): string | undefined {
  return DOCUMENTED.find(([, documented, text]) => documented === code && text.test(inEnglish(reason)))?.[0];
}
