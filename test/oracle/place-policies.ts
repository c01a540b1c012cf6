import { OWN_KINDS } from './custom-kinds.ts';
import type { NameFamily } from './images.ts';
import { OURS } from './image-policies.ts';
import {
  ALICE,
  CI,
  DEVELOPERS,
  DEVELOPING_RELEASE_MANAGERS,
  ORDINARY,
  PLATFORM,
  RELEASE_MANAGERS,
  UNSAID,
} from './people.ts';
import {
  ALL_NAMES,
  documentOf,
  FIXED,
  FREE,
  images,
  namesBut,
  PINNED,
  places,
  expectation,
  SHUT,
  TAGGED,
  type OraclePolicy,
} from './policy.ts';

const NO_LATEST = expectation(images(ALL_NAMES, FIXED), images(ALL_NAMES, ['latest']));
const DIGEST = expectation(images(ALL_NAMES, PINNED), images(ALL_NAMES, TAGGED));
/** 'miner' contains one image of registry.example.com, among others. */
const NOT_OURS = namesBut(...OURS, 'miner');

const PRODUCTION = ['prod', 'prod-eu', 'prod-x'] as const;
const pinnedContainers = {
  container: DIGEST,
  initContainer: DIGEST,
  ephemeralContainer: FREE,
  imageVolume: FREE,
};

const namespaces: OraclePolicy = {
  name: 'namespaces',
  document: documentOf('namespaces', 'Allow', [
    {
      name: 'pinned-in-production',
      match: { namespaces: ['prod', 'prod-*'], usages: ['container', 'initContainer'] },
      exclude: { users: ['system:serviceaccount:platform:*'] },
      requiredDigest: {},
    },
  ]),
  settings: places(
    {
      what: 'in production',
      protocol: 'AdmissionReview',
      namespaces: PRODUCTION,
      expect: pinnedContainers,
    },
    {
      what: 'in production, unknown user',
      protocol: 'AdmissionReview',
      namespaces: PRODUCTION,
      people: UNSAID,
      expect: pinnedContainers,
    },
    {
      what: 'in production, excluded people',
      protocol: 'AdmissionReview',
      namespaces: PRODUCTION,
      people: PLATFORM,
      expect: FREE,
    },
    {
      what: 'in production, by ImageReview',
      protocol: 'ImageReview',
      namespaces: PRODUCTION,
      expect: DIGEST,
    },
    { what: 'elsewhere', people: [...ORDINARY, ...PLATFORM, undefined], expect: FREE },
  ),
};

const OURS_ONLY = expectation(images(OURS), images(NOT_OURS));
const OURS_FIXED = expectation(images(OURS, FIXED), [...images(OURS, ['latest']), ...images(NOT_OURS)]);
const OURS_PINNED = expectation(images(OURS, PINNED), [...images(OURS, TAGGED), ...images(NOT_OURS)]);

const people: OraclePolicy = {
  name: 'people',
  document: documentOf('people', 'Allow', [
    {
      name: 'developers-use-ours',
      match: { groups: ['developers'] },
      allowedImages: { images: ['registry.example.com/**'] },
    },
    {
      name: 'no-latest',
      exclude: { groups: ['release-managers'] },
      disallowedTags: { tags: ['latest'] },
    },
    { name: 'ci-is-pinned', match: { users: ['system:serviceaccount:ci:*'] }, requiredDigest: {} },
  ]),
  settings: places(
    { what: 'ordinary people', protocol: 'AdmissionReview', expect: NO_LATEST },
    { what: 'developers', protocol: 'AdmissionReview', people: DEVELOPERS, expect: OURS_FIXED },
    { what: 'an excluded group', protocol: 'AdmissionReview', people: RELEASE_MANAGERS, expect: FREE },
    {
      what: 'in a matched and an excluded group',
      protocol: 'AdmissionReview',
      people: DEVELOPING_RELEASE_MANAGERS,
      expect: OURS_ONLY,
    },
    { what: 'a matched service account', protocol: 'AdmissionReview', people: CI, expect: DIGEST },
    { what: 'unknown user', protocol: 'AdmissionReview', people: UNSAID, expect: OURS_PINNED },
    { what: 'by ImageReview', protocol: 'ImageReview', expect: OURS_PINNED },
  ),
};

const usages: OraclePolicy = {
  name: 'usages',
  document: documentOf('usages', 'Allow', [
    {
      name: 'init',
      match: { usages: ['initContainer'] },
      allowedImages: { images: ['registry.example.com/init/*'] },
    },
    { name: 'volumes', match: { usages: ['imageVolume'] }, requiredDigest: {} },
    {
      name: 'debug',
      match: { usages: ['ephemeralContainer'] },
      allowedImages: { images: ['ghcr.io/debug/*'] },
    },
    {
      name: 'others',
      exclude: { usages: ['initContainer', 'ephemeralContainer', 'imageVolume'] },
      disallowedTags: { tags: ['latest'] },
    },
  ]),
  settings: places(
    {
      what: 'known',
      protocol: 'AdmissionReview',
      expect: {
        container: NO_LATEST,
        initContainer: expectation(images(['oursInit']), images(namesBut('oursInit'))),
        ephemeralContainer: expectation(images(['ghcrDebug']), images(namesBut('ghcrDebug'))),
        imageVolume: DIGEST,
      },
    },
    // An ImageReview has no usages, so all rules apply. No image satisfies the rules for debuggers and for init
    // containers together.
    { what: 'by ImageReview', protocol: 'ImageReview', expect: SHUT },
  ),
};

const EVIL: readonly NameFamily[] = ['hubEvil', 'hubEvilAlias'];
const NOT_EVIL = namesBut(...EVIL);
const isPinned = (resource: string): boolean => ['deployments.apps', 'cronjobs.batch'].includes(resource);
const isOther = (resource: string): boolean =>
  !isPinned(resource) && !['pods', 'jobs.batch'].includes(resource);

const resources: OraclePolicy = {
  name: 'resources',
  document: documentOf('resources', 'Allow', [
    {
      name: 'templates-are-pinned',
      match: { resources: ['deployments.apps', 'cronjobs.batch'] },
      requiredDigest: {},
    },
    { name: 'pods', match: { resources: ['pods'] }, disallowedTags: { tags: ['latest'] } },
    {
      name: 'evil',
      exclude: { resources: ['jobs.batch'] },
      disallowedImages: { images: ['docker.io/evil/**'] },
    },
  ]),
  settings: places(
    {
      what: 'matched templates',
      protocol: 'AdmissionReview',
      resources: isPinned,
      expect: expectation(images(NOT_EVIL, PINNED), [...images(NOT_EVIL, TAGGED), ...images(EVIL)]),
    },
    {
      what: 'pods',
      resources: (resource) => resource === 'pods',
      expect: expectation(images(NOT_EVIL, FIXED), [...images(NOT_EVIL, ['latest']), ...images(EVIL)]),
    },
    {
      what: 'excluded templates',
      protocol: 'AdmissionReview',
      resources: (resource) => resource === 'jobs.batch',
      expect: FREE,
    },
    {
      what: 'other templates',
      protocol: 'AdmissionReview',
      resources: isOther,
      expect: expectation(images(NOT_EVIL), images(EVIL)),
    },
  ),
};

const GHCR: readonly NameFamily[] = ['ghcrTools', 'ghcrDebug', 'ghcrWeb'];
/** 'ghcrOther' and 'miner' contain other registries as well. */
const NOT_GHCR = namesBut(...GHCR, 'ghcrOther', 'miner');
/** A rule selects these images only if the user is alice. */
const IN_DOUBT = expectation([], images(GHCR, FIXED));
const TEAMS = ['team-a', 'team-b', 'team-constructor'] as const;

const unmatched: OraclePolicy = {
  name: 'unmatched',
  document: documentOf('unmatched', 'Deny', [
    {
      name: 'teams-use-ours',
      match: { namespaces: ['team-*'] },
      allowedImages: { images: ['registry.example.com/**'] },
    },
    {
      name: 'alice-may-use-ghcr',
      match: { users: ['alice'], images: ['ghcr.io/**'] },
      disallowedTags: { tags: ['latest'] },
    },
    // These rules apply, but they do not vouch.
    {
      name: 'dev-audits',
      match: { namespaces: ['dev'] },
      disallowedTags: { tags: ['latest'] },
      validationActions: ['Audit'],
    },
    { name: 'default-is-not-main', match: { namespaces: ['default'] }, disallowedTags: { tags: ['main'] } },
  ]),
  settings: places(
    { what: 'a matched namespace', namespaces: TEAMS, expect: OURS_ONLY },
    {
      what: 'a matched person elsewhere',
      protocol: 'AdmissionReview',
      people: ALICE,
      expect: expectation(images(GHCR, FIXED), [...images(GHCR, ['latest']), ...images(NOT_GHCR)]),
    },
    {
      what: 'a matched person in a matched namespace',
      protocol: 'AdmissionReview',
      people: ALICE,
      namespaces: TEAMS,
      expect: OURS_ONLY,
    },
    { what: 'no rule vouches', protocol: 'AdmissionReview', expect: SHUT },
    { what: 'in doubt: unknown user', protocol: 'AdmissionReview', people: UNSAID, expect: IN_DOUBT },
    { what: 'in doubt: by ImageReview', protocol: 'ImageReview', expect: IN_DOUBT },
  ),
};

const isOwn = (resource: string): boolean => resource.endsWith('.example.com');

const ownKinds: OraclePolicy = {
  name: 'own-kinds',
  document: documentOf(
    'own-kinds',
    'Allow',
    [
      {
        name: 'gadgets-use-ours',
        match: { resources: ['gadgets.example.com', 'pulls.example.com'] },
        allowedImages: { images: ['registry.example.com/**'] },
      },
      { name: 'no-latest', disallowedTags: { tags: ['latest'] } },
    ],
    {
      customResources: [
        {
          resource: 'gadgets.example.com',
          kind: 'Gadget',
          images: [
            { podSpec: 'spec.pods[*].spec' },
            { image: 'spec.first', usage: 'initContainer' },
            { image: 'spec.roles.*.image' },
            { image: 'spec.images{keys}' },
          ],
        },
        { resource: 'pulls.example.com', kind: 'Pull', template: false, images: [{ image: 'spec.image' }] },
      ],
    },
  ),
  ownKinds: OWN_KINDS,
  settings: places(
    { what: 'everything else', resources: (resource) => !isOwn(resource), expect: NO_LATEST },
    { what: 'own kinds', protocol: 'AdmissionReview', resources: isOwn, expect: OURS_FIXED },
  ),
};

/** Policies whose rules depend on the place of an image and on the user. */
export const PLACE_POLICIES = [namespaces, people, usages, resources, unmatched, ownKinds] as const;
