import { NAMES, type NameFamily } from './images.ts';
import {
  documentOf,
  FIXED,
  FREE,
  images,
  NAMESPACES,
  places,
  expectation,
  type OraclePolicy,
} from './policy.ts';

/** The behaviour of the test rule's source for an image. */
export type SourceBehaviour =
  | 'approves'
  | 'disapproves'
  /** Approves after 1.5 seconds. Every review here has more time. */
  | 'slow'
  /** Approves after 30 seconds. No review has this much time. */
  | 'late'
  | 'never'
  /** Returns a value that is not an answer. */
  | 'malformed'
  | 'rejects'
  | 'throws';

const BEHAVIOURS: Readonly<Record<NameFamily, SourceBehaviour>> = {
  hubShort: 'approves',
  hubFull: 'approves',
  hub443: 'approves',
  hubAlias: 'disapproves',
  hubUserShort: 'disapproves',
  hubUserFull: 'late',
  hubEvil: 'disapproves',
  hubEvilAlias: 'rejects',
  ours: 'approves',
  oursLongest: 'slow',
  oursInit: 'slow',
  oursBase: 'approves',
  oursLegacy: 'malformed',
  oursPort: 'rejects',
  lookalike: 'disapproves',
  nearInit: 'throws',
  subdomain: 'never',
  notSubdomain: 'never',
  miner: 'disapproves',
  minerShort: 'throws',
  ghcrTools: 'slow',
  ghcrDebug: 'late',
  ghcrWeb: 'late',
  ghcrOther: 'malformed',
  local: 'never',
};

const BY_NAME = new Map<string, SourceBehaviour>(
  Object.entries(NAMES).flatMap(([family, names]) =>
    names.map((name) => [name, BEHAVIOURS[family as NameFamily]] as const),
  ),
);

/** A tag, a digest, or both, at the end of a reference. */
const DECORATION = /(?::[\w.-]+)?(?:@[\w:]+)?$/;

/** The behaviour of the source for an image, by its text in the object. It rejects images that are in no table. */
export function behaviourFor(image: string): SourceBehaviour {
  return BY_NAME.get(image) ?? BY_NAME.get(image.replace(DECORATION, '')) ?? 'rejects';
}

function behaving(...behaviours: readonly SourceBehaviour[]): NameFamily[] {
  const families = Object.entries(BEHAVIOURS) as [NameFamily, SourceBehaviour][];
  return families.filter(([, behaviour]) => behaviours.includes(behaviour)).map(([family]) => family);
}

const APPROVED = behaving('approves', 'slow');
const NOT_APPROVED = behaving('disapproves', 'late', 'never', 'malformed', 'rejects', 'throws');

/** The rule that the driver replaces by a rule that asks. A document cannot contain a rule that asks. */
const ASKS = { name: 'approved', requireFullyQualified: {} };

const asksAlways: OraclePolicy = {
  name: 'asks-always',
  document: documentOf('asks-always', 'Allow', [ASKS]),
  asks: ['approved'],
  settings: places({ what: 'anywhere', expect: expectation(images(APPROVED), images(NOT_APPROVED)) }),
};

/** A rule that asks vouches for the images that it names, if the answer is good. */
const asksToVouch: OraclePolicy = {
  name: 'asks-to-vouch',
  document: documentOf('asks-to-vouch', 'Deny', [
    { ...ASKS, match: { images: ['registry.example.com/**', 'docker.io/library/*'] } },
    { ...ASKS, name: 'asks-everywhere' },
  ]),
  asks: ['approved', 'asks-everywhere'],
  settings: places({
    what: 'anywhere',
    expect: expectation(
      images(APPROVED.filter((name) => name !== 'ghcrTools')),
      images([...NOT_APPROVED, 'ghcrTools']),
    ),
  }),
};

const asksInProduction: OraclePolicy = {
  name: 'asks-in-production',
  document: documentOf('asks-in-production', 'Allow', [
    { ...ASKS, match: { namespaces: ['prod'] } },
    { name: 'floating', disallowedTags: { tags: ['latest'] }, exclude: { namespaces: ['prod'] } },
  ]),
  asks: ['approved'],
  settings: places(
    {
      what: 'in production',
      namespaces: ['prod'],
      expect: expectation(images(APPROVED), images(NOT_APPROVED)),
    },
    {
      what: 'in other namespaces, with any source',
      namespaces: NAMESPACES,
      expect: expectation(
        images([...APPROVED, ...NOT_APPROVED], FIXED),
        images([...APPROVED, ...NOT_APPROVED], ['latest']),
      ),
    },
  ),
};

const asksSoftly: OraclePolicy = {
  name: 'asks-softly',
  document: documentOf('asks-softly', 'Allow', [
    { ...ASKS, validationActions: ['Warn'] },
    { name: 'floating', disallowedTags: { tags: ['latest'] } },
  ]),
  asks: ['approved'],
  settings: places({
    what: 'anywhere',
    expect: expectation(
      images(behaving('approves'), FIXED),
      images([...APPROVED, ...NOT_APPROVED], ['latest']),
      images(NOT_APPROVED, FIXED),
    ),
  }),
};

const asksTwice: OraclePolicy = {
  name: 'asks-twice',
  document: documentOf('asks-twice', 'Allow', [
    { ...ASKS, name: 'recorded', validationActions: ['Audit'] },
    ASKS,
    { ...ASKS, name: 'announced', validationActions: ['Warn', 'Audit'] },
  ]),
  asks: ['recorded', 'approved', 'announced'],
  settings: places({ what: 'anywhere', expect: expectation(images(APPROVED), images(NOT_APPROVED)) }),
};

const asksForTheRecord: OraclePolicy = {
  name: 'asks-for-the-record',
  document: documentOf('asks-for-the-record', 'Allow', [{ ...ASKS, validationActions: ['Audit'] }]),
  asks: ['approved'],
  settings: places({ what: 'anywhere', expect: FREE }),
};

/** Policies with a rule that asks. Documents cannot contain this rule, so only the gate in this process has them. */
export const QUESTION_POLICIES: readonly OraclePolicy[] = [
  asksAlways,
  asksToVouch,
  asksInProduction,
  asksSoftly,
  asksTwice,
  asksForTheRecord,
];
