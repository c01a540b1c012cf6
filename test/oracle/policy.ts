import type { CustomKind } from './custom-kinds.ts';
import { NAMES, TAG_FAMILIES, type NameFamily, type Some, type TagFamily } from './images.ts';
import { EPHEMERAL_CONTAINERS, KINDS, type Kind, type Usage } from './kinds.ts';
import { ORDINARY, type Person } from './people.ts';

/** A name family and a tag or digest family. */
export type Pair = readonly [NameFamily, TagFamily];

/** The expected verdicts for images at one place. A person wrote them after reading docs/policy.md. */
interface Expectation {
  readonly good: readonly Pair[];
  readonly bad: readonly Pair[];
  /** Images that are admitted with a warning. */
  readonly warned: readonly Pair[];
}

export type ProtocolName = 'AdmissionReview' | 'ImageReview';

/** Places with the same expectations: one row of the table of a policy. */
export interface Setting {
  readonly what: string;
  readonly protocol: ProtocolName;
  readonly namespaces: Some<string>;
  readonly people: Some<Person>;
  /** Only kinds of these resources. */
  readonly kinds: readonly Kind[];
  readonly expect: Readonly<Record<Usage | 'unknown', Expectation>>;
  /** Whether the row also includes cluster-scoped objects. */
  readonly clusterScoped: boolean;
  /** Whether the row includes custom resources with this name. */
  readonly custom: (resource: string) => boolean;
}

/** A policy as a user writes it, and its expected verdicts. */
export interface OraclePolicy {
  readonly name: string;
  /** The document that the gate reads. */
  readonly document: object;
  readonly settings: readonly Setting[];
  /** Custom resources that the document adds. */
  readonly ownKinds?: readonly CustomKind[];
  /** Names of the rules of the document that the driver replaces by a rule that asks a source. */
  readonly asks?: readonly string[];
}

/** Names that are in no policy of the oracle. Some are names of properties of an object (C12). */
export const NAMESPACES: Some<string> = [
  'default',
  'dev',
  'preprod',
  'production',
  'kube-system',
  'constructor',
  'tostring',
  'ateam-a',
];

export const ALL_NAMES = Object.keys(NAMES) as NameFamily[];

/** Tags other than `latest`. */
export const FIXED: readonly TagFamily[] = TAG_FAMILIES.filter((family) => family !== 'latest');

export const PINNED: readonly TagFamily[] = ['digest', 'taggedDigest'];

/** Tags without a digest. */
export const TAGGED: readonly TagFamily[] = TAG_FAMILIES.filter((family) => !PINNED.includes(family));

/** All images of these names with these tags. */
export function images(names: readonly NameFamily[], tags: readonly TagFamily[] = TAG_FAMILIES): Pair[] {
  return names.flatMap((name) => tags.map((tag): Pair => [name, tag]));
}

export function namesBut(...names: readonly NameFamily[]): NameFamily[] {
  return ALL_NAMES.filter((name) => !names.includes(name));
}

/** A row of an expectation. */
export function expectation(
  good: readonly Pair[],
  bad: readonly Pair[],
  warned: readonly Pair[] = [],
): Expectation {
  return { good, bad, warned };
}

/** Every image is good. */
export const FREE = expectation(images(ALL_NAMES), []);

/** No image is good. */
export const SHUT = expectation([], images(ALL_NAMES));

const EVERY_KIND = [...KINDS, EPHEMERAL_CONTAINERS];

interface Place {
  readonly what: string;
  /** @default both */
  readonly protocol?: ProtocolName;
  readonly namespaces?: Some<string>;
  readonly people?: Some<Person>;
  readonly resources?: (resource: string) => boolean;
  /** Expectations for all usages, or for each usage. */
  readonly expect: Expectation | Readonly<Record<Usage, Expectation>>;
}

/** The settings of one row of the table. */
export function places(...rows: readonly Place[]): Setting[] {
  return rows.flatMap((row) =>
    (['AdmissionReview', 'ImageReview'] as const)
      .filter((protocol) => row.protocol === undefined || row.protocol === protocol)
      .map((protocol) => settingOf(row, protocol)),
  );
}

function settingOf(row: Place, protocol: ProtocolName): Setting {
  const { what, namespaces = NAMESPACES, people = ORDINARY, resources, expect } = row;
  const each = 'good' in expect ? eachUsage(expect) : { ...expect, unknown: SHUT };
  return {
    what,
    protocol,
    namespaces,
    people,
    kinds: EVERY_KIND.filter(({ policyResource }) => resources === undefined || resources(policyResource)),
    expect: each,
    clusterScoped: row.namespaces === undefined,
    custom: resources ?? (() => true),
  };
}

function eachUsage(expect: Expectation): Setting['expect'] {
  return {
    container: expect,
    initContainer: expect,
    ephemeralContainer: expect,
    imageVolume: expect,
    unknown: expect,
  };
}

/** A policy document with these rules. */
export function documentOf(
  name: string,
  unmatchedImages: 'Deny' | 'Allow',
  rules: readonly object[],
  spec = {},
) {
  return {
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name },
    spec: { unmatchedImages, ...spec, rules },
  };
}
