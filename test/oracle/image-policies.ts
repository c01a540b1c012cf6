import type { NameFamily } from './images.ts';
import {
  ALL_NAMES,
  documentOf,
  FIXED,
  images,
  namesBut,
  PINNED,
  places,
  expectation,
  TAGGED,
  type OraclePolicy,
} from './policy.ts';

/** All images below registry.example.com, with port 443 or without a port. */
export const OURS: readonly NameFamily[] = [
  'ours',
  'oursLongest',
  'oursInit',
  'oursBase',
  'oursLegacy',
  'nearInit',
];

/** docker.io/library/ under the names that allowing rules treat as equal. */
const OFFICIAL: readonly NameFamily[] = ['hubShort', 'hubFull', 'hub443'];

/** Families with names of several kinds. A policy that distinguishes these kinds cannot use them. */
const MIXED: readonly NameFamily[] = ['miner', 'minerShort'];

const SHORT: readonly NameFamily[] = ['hubShort', 'hubUserShort', 'minerShort'];

const noLatest: OraclePolicy = {
  name: 'no-latest',
  document: documentOf('no-latest', 'Allow', [
    {
      name: 'no-latest',
      disallowedTags: { tags: ['latest'] },
      message: 'Images using latest tag are not allowed',
      messages: { zh: '检查镜像失败!镜像标签不允许使用latest!' },
    },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(images(ALL_NAMES, FIXED), images(ALL_NAMES, ['latest'])),
  }),
};

const closed: OraclePolicy = {
  name: 'closed',
  document: documentOf('closed', 'Deny', [
    { name: 'trusted', allowedImages: { images: ['registry.example.com/**', 'docker.io/library/*'] } },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(images([...OURS, ...OFFICIAL]), images(namesBut(...OURS, ...OFFICIAL, ...MIXED))),
  }),
};

const EVIL: readonly NameFamily[] = ['hubEvil', 'hubEvilAlias', 'oursLegacy', ...MIXED];

const blocklist: OraclePolicy = {
  name: 'blocklist',
  document: documentOf('blocklist', 'Allow', [
    {
      name: 'abandoned',
      disallowedImages: { images: ['registry.example.com/legacy/**', '*/*/bitcoin-miner'] },
    },
    { name: 'evil', disallowedImages: { images: ['docker.io/evil/**'] } },
  ]),
  settings: places({ what: 'anywhere', expect: expectation(images(namesBut(...EVIL)), images(EVIL)) }),
};

const exact: OraclePolicy = {
  name: 'exact',
  document: documentOf('exact', 'Allow', [
    { name: 'pinned', requiredDigest: {} },
    { name: 'named-in-full', requireFullyQualified: {} },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(images(namesBut(...SHORT, 'hubEvil'), PINNED), [
      ...images(ALL_NAMES, TAGGED),
      ...images(SHORT, PINNED),
    ]),
  }),
};

const NO_VERSION = ['outside', 'stable', 'alpine', 'odd', 'latest', ...PINNED] as const;

const tags: OraclePolicy = {
  name: 'tags',
  document: documentOf('tags', 'Deny', [
    {
      name: 'ours-are-versions',
      match: { images: ['registry.example.com/**'] },
      allowedTags: { semver: '>=1.0.0 <3' },
    },
    {
      name: 'base-images',
      match: { images: ['docker.io/library/*'] },
      allowedTags: { pattern: String.raw`\d+\.\d+(\.\d+)?-alpine` },
    },
    {
      name: 'tools',
      match: { images: ['ghcr.io/example/tools'] },
      allowedTags: { tags: ['stable', '2026'] },
    },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(
      [...images(OURS, ['version']), ...images(OFFICIAL, ['alpine']), ...images(['ghcrTools'], ['stable'])],
      [
        ...images(OURS, NO_VERSION),
        ...images(OFFICIAL, ['version', 'outside', 'stable', 'odd', 'latest', ...PINNED]),
        ...images(['ghcrTools'], ['version', 'outside', 'alpine', 'odd', 'latest', ...PINNED]),
        // A rule that matches docker.io is about its other hosts too, but it does not vouch for them.
        ...images(namesBut(...OURS, ...OFFICIAL, ...MIXED, 'ghcrTools')),
      ],
    ),
  }),
};

const NAMED = [...OURS, ...OFFICIAL];

/** Only the first rule vouches. Each of the other rules is about other images too, and admits none of them. */
export const vouched: OraclePolicy = {
  name: 'vouched',
  document: documentOf('vouched', 'Deny', [
    {
      name: 'known',
      match: { images: ['registry.example.com/**', 'docker.io/library/*'] },
      disallowedTags: { tags: ['latest'] },
    },
    { name: 'audited', allowedImages: { images: ['ghcr.io/**'] }, validationActions: ['Audit'] },
    { name: 'nameless', disallowedTags: { tags: ['main'] } },
    { name: 'everywhere', match: { images: ['*/acme/**'] }, disallowedTags: { tags: ['main'] } },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(images(NAMED, FIXED), [
      ...images(NAMED, ['latest']),
      ...images(namesBut(...NAMED, ...MIXED)),
    ]),
  }),
};

/** An image without a registry satisfies no pattern that admits. */
const fullNames: OraclePolicy = {
  name: 'full-names',
  document: documentOf(
    'full-names',
    'Deny',
    [
      { name: 'known', match: { images: ['registry.example.com/**'] }, disallowedTags: { tags: ['latest'] } },
      { name: 'trusted', allowedImages: { images: ['registry.example.com/**', 'docker.io/**'] } },
      {
        name: 'pinned',
        match: { images: ['docker.io/**'] },
        exclude: { images: ['docker.io/library/*'] },
        requiredDigest: {},
      },
    ],
    { shortNames: 'Refuse' },
  ),
  settings: places({
    what: 'anywhere',
    expect: expectation(
      [...images(OURS, FIXED), ...images(['hubFull', 'hub443']), ...images(['hubUserFull'], PINNED)],
      [
        ...images(OURS, ['latest']),
        ...images(['hubUserFull'], TAGGED),
        ...images(namesBut(...OURS, ...MIXED, 'hubFull', 'hub443', 'hubUserFull', 'hubEvil')),
      ],
    ),
  }),
};

const WILD: readonly NameFamily[] = [...OURS, 'subdomain', 'ghcrWeb', 'ghcrTools'];

const wildcards: OraclePolicy = {
  name: 'wildcards',
  document: documentOf('wildcards', 'Deny', [
    {
      name: 'known',
      allowedImages: { images: ['*.example.com/**', 'ghcr.io/acme/web-*', 'ghcr.io/example/tools'] },
    },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(images(WILD), images(namesBut(...WILD, ...MIXED))),
  }),
};

const ACME: readonly NameFamily[] = ['hubUserShort', 'hubUserFull'];
const EXCLUDED: readonly NameFamily[] = [...OFFICIAL, 'oursBase'];

const exclusions: OraclePolicy = {
  name: 'exclusions',
  document: documentOf('exclusions', 'Allow', [
    {
      name: 'no-floating-tags',
      exclude: { images: ['registry.example.com/base/**', 'docker.io/library/*'] },
      disallowedTags: { tags: ['latest', 'main'] },
    },
    { name: 'acme-is-pinned', match: { images: ['docker.io/acme/**'] }, requiredDigest: {} },
  ]),
  settings: places({
    what: 'anywhere',
    expect: expectation(
      [
        ...images(EXCLUDED),
        ...images(namesBut(...EXCLUDED, ...ACME, ...MIXED), FIXED),
        ...images(ACME, PINNED),
      ],
      // An alias of Docker Hub does not match the exception (B03).
      [...images(namesBut(...EXCLUDED, ...ACME, ...MIXED), ['latest']), ...images(ACME, TAGGED)],
    ),
  }),
};

const soft: OraclePolicy = {
  name: 'soft',
  document: documentOf(
    'soft',
    'Allow',
    [
      { name: 'floating', disallowedTags: { tags: ['latest'] }, validationActions: ['Warn'] },
      { name: 'pinned', requiredDigest: {}, validationActions: ['Audit'] },
      { name: 'legacy', disallowedImages: { images: ['registry.example.com/legacy/**'] } },
      {
        name: 'evil',
        disallowedImages: { images: ['docker.io/evil/**'] },
        validationActions: ['Deny'],
      },
    ],
    { validationActions: ['Warn', 'Audit'] },
  ),
  settings: places({
    what: 'anywhere',
    expect: expectation(
      images(namesBut('hubEvil', 'hubEvilAlias', 'oursLegacy'), FIXED),
      images(['hubEvil', 'hubEvilAlias']),
      [...images(['oursLegacy']), ...images(namesBut('hubEvil', 'hubEvilAlias'), ['latest'])],
    ),
  }),
};

/** Policies whose rules depend only on images. */
export const IMAGE_POLICIES = [
  noLatest,
  closed,
  blocklist,
  exact,
  tags,
  vouched,
  fullNames,
  wildcards,
  exclusions,
  soft,
] as const;
