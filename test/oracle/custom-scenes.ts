import type { Random } from '../fuzz/random.ts';
import { PLACEHOLDERS } from './bad-references.ts';
import { CUSTOM_KINDS, policyResourceOf, type CustomKind } from './custom-kinds.ts';
import { customObject, drawFields, emptyCustomObject, type Placement } from './custom-objects.ts';
import { metadataOf, type Fields } from './objects.ts';
import type { OraclePolicy, Setting } from './policy.ts';
import {
  admission,
  badImage,
  badReference,
  goodImage,
  type Family,
  type Scene,
  type Truth,
} from './scene.ts';

interface CustomSpot {
  readonly setting: Setting;
  readonly kind: CustomKind;
  readonly namespace: string;
}

/** Each kind is as frequent as its number of fields, so that every field is drawn often. */
const BY_FIELD = byField(CUSTOM_KINDS);

function byField(kinds: readonly CustomKind[]): readonly CustomKind[] {
  return kinds.flatMap((kind) => kind.fields.map(() => kind));
}

/**
 * Settings with the same expectations for all usages, because only the product decides which usage a custom field
 * has.
 */
function customSpot(
  random: Random,
  { settings, ownKinds }: OraclePolicy,
  need: Truth | 'any',
  suits: (kind: CustomKind) => boolean = () => true,
): CustomSpot | undefined {
  const all = ownKinds !== undefined && random.chance(0.5) ? ownKinds : BY_FIELD;
  const kind = all[random.below(all.length)];
  if (kind === undefined || !suits(kind)) return undefined;
  const resource = policyResourceOf(kind);
  const fitting = settings.filter(
    ({ protocol, custom, clusterScoped, expect }) =>
      protocol === 'AdmissionReview' &&
      custom(resource) &&
      (!kind.clusterScoped || clusterScoped) &&
      expect.container === expect.initContainer &&
      expect.container === expect.imageVolume &&
      (need === 'any' || expect.container[need].length > 0),
  );
  const setting = fitting[random.below(fitting.length)];
  return setting && { setting, kind, namespace: kind.clusterScoped ? '' : random.pick(setting.namespaces) };
}

/** Fields with good images. One of them may have another value. */
function placements(random: Random, { kind, setting }: CustomSpot, other?: () => unknown): Placement[] {
  const drawn = drawFields(random, kind).map((field): Placement => ({
    field,
    image: filler(random, setting),
  }));
  const [first] = drawn;
  if (other !== undefined && first !== undefined) drawn[0] = { field: first.field, image: other() };
  return drawn;
}

function filler(random: Random, setting: Setting): string {
  return goodImage(random, setting, 'container') ?? badImage(random, setting, 'container') ?? 'nginx:1.2.3';
}

interface Verdict {
  readonly family: string;
  readonly truth: Truth;
  readonly warns?: boolean;
}

function scene(
  random: Random,
  spot: CustomSpot,
  verdict: Verdict,
  object: unknown,
  oldObject?: unknown,
): Scene {
  const change = oldObject === undefined ? { operation: 'CREATE' } : { operation: 'UPDATE', oldObject };
  return admission(random, verdict, { ...spot, object, ...change });
}

type Draw = Family['draw'];

const good: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'good');
  if (spot === undefined) return undefined;
  const object = customObject(random, spot.kind, placements(random, spot), spot.namespace);
  return scene(random, spot, { family: `good ${spot.kind.kind}`, truth: 'good' }, object);
};

/** A custom resource without images is good. */
const empty: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'any');
  if (spot === undefined) return undefined;
  const object = emptyCustomObject(random, spot.kind, spot.namespace);
  return scene(random, spot, { family: 'custom resource without images', truth: 'good' }, object);
};

/** Each field has its own family, so that a field without an extractor is found. */
function familyOf({ kind }: CustomSpot, [placement]: readonly Placement[]): string {
  return `bad ${kind.apiVersion} ${kind.kind} at ${placement?.field[0]}`;
}

const bad: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'bad');
  if (spot === undefined) return undefined;
  const placed = placements(random, spot, () => badImage(random, spot.setting, 'container'));
  const object = customObject(random, spot.kind, placed, spot.namespace);
  return scene(random, spot, { family: familyOf(spot, placed), truth: 'bad' }, object);
};

const reference: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'any');
  if (spot === undefined) return undefined;
  const placed = placements(random, spot, () => badReference(random)[1]);
  const object = customObject(random, spot.kind, placed, spot.namespace);
  return scene(random, spot, { family: familyOf(spot, placed), truth: 'bad' }, object);
};

const placeholder: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'good', ({ template }) => template);
  if (spot === undefined) return undefined;
  const placed = placements(random, spot, () => random.pick(PLACEHOLDERS));
  const object = customObject(random, spot.kind, placed, spot.namespace);
  return scene(
    random,
    spot,
    { family: 'placeholder in a custom resource', truth: 'good', warns: true },
    object,
  );
};

/** An image that is pulled without a pod is never reviewed again. */
const placeholderPulled: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'any', ({ template }) => !template);
  if (spot === undefined) return undefined;
  const placed = placements(random, spot, () => PLACEHOLDERS[1 + random.below(PLACEHOLDERS.length - 1)]);
  const object = customObject(random, spot.kind, placed, spot.namespace);
  return scene(random, spot, { family: 'placeholder that is pulled', truth: 'bad' }, object);
};

/** A14: a field with a wrong type. */
const malformed: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'any');
  if (spot === undefined || spot.kind.fields[0][0].endsWith('{keys}')) return undefined;
  const wrong = (): unknown => random.pick<unknown>([1, {}, ['nginx:1.2.3'], true, { image: 'nginx:1.2.3' }]);
  const object = customObject(random, spot.kind, placements(random, spot, wrong), spot.namespace);
  return scene(random, spot, { family: 'A14 custom field of another type', truth: 'bad' }, object);
};

/** A14: more images than the maximum. */
const many: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'good');
  if (spot === undefined) return undefined;
  const field = spot.kind.fields.find(([path]) => path.endsWith('[]') || path.endsWith('[].image'));
  if (field === undefined) return undefined;
  const image = goodImage(random, spot.setting, 'container');
  const object = customObject(
    random,
    spot.kind,
    Array.from({ length: 501 }, () => ({ field, image })),
    spot.namespace,
  );
  return scene(random, spot, { family: 'A14 501 images of a custom resource', truth: 'bad' }, object);
};

const kept: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'good');
  if (spot === undefined) return undefined;
  const image = badOne(random, spot);
  const before = customObject(
    random,
    spot.kind,
    placements(random, spot, () => image),
    spot.namespace,
  );
  const after: Fields = { ...before, metadata: metadataOf(random, spot.namespace) };
  const verdict = {
    family: 'A32 a custom resource keeps a bad image',
    truth: 'good',
    warns: spot.kind.template && policy.asks === undefined,
  } as const;
  return scene(random, spot, verdict, after, before);
};

const changed: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'any');
  if (spot === undefined) return undefined;
  const placed = placements(random, spot);
  const [first] = placed;
  if (first === undefined) return undefined;
  const image = badOne(random, spot);
  const before = customObject(
    random,
    spot.kind,
    [{ field: first.field, image: BEFORE }, ...placed.slice(1)],
    spot.namespace,
  );
  const after = customObject(
    random,
    spot.kind,
    [{ field: first.field, image }, ...placed.slice(1)],
    spot.namespace,
  );
  return scene(
    random,
    spot,
    { family: 'A08 a custom resource changes to a bad image', truth: 'bad' },
    after,
    before,
  );
};

/** A09: two items of a list swap a good and a bad image. */
const swapped: Draw = (random, policy) => {
  const spot = customSpot(random, policy, 'good');
  const field = spot?.kind.fields.find(([path]) => path.includes('[].') || path.includes('{}.'));
  if (spot === undefined || field === undefined) return undefined;
  const [one, other] = [goodImage(random, spot.setting, 'container'), badOne(random, spot)];
  const [before, after] = [
    [one, other],
    [other, one],
  ].map((pair) => {
    const placed = pair.map((image): Placement => ({ field, image }));
    return customObject(random, spot.kind, placed, spot.namespace);
  });
  return scene(
    random,
    spot,
    { family: 'A09 a custom resource swaps two images', truth: 'bad' },
    after,
    before,
  );
};

function badOne(random: Random, { setting }: CustomSpot): string {
  const image = random.chance(0.7) ? badImage(random, setting, 'container') : undefined;
  return image ?? badReference(random)[1];
}

const BEFORE = 'registry.example.com/team/before:1.2.3';

/** Custom resources with their extractors. */
export const CUSTOM_FAMILIES: readonly Family[] = [
  { name: 'good custom resource', truth: 'good', weight: 10, draw: good },
  { name: 'custom resource without images', truth: 'good', weight: 1, draw: empty },
  { name: 'placeholder in a custom resource', truth: 'good', weight: 2, draw: placeholder },
  { name: 'custom resource keeps', truth: 'good', weight: 4, draw: kept },
  { name: 'bad custom resource', truth: 'bad', weight: 12, draw: bad },
  { name: 'bad reference in a custom resource', truth: 'bad', weight: 6, draw: reference },
  { name: 'placeholder that is pulled', truth: 'bad', weight: 1, draw: placeholderPulled },
  { name: 'malformed custom resource', truth: 'bad', weight: 3, draw: malformed },
  { name: 'custom resource of 501 images', truth: 'bad', weight: 0.15, draw: many },
  { name: 'custom resource swaps', truth: 'bad', weight: 2, draw: swapped },
  { name: 'custom resource changes', truth: 'bad', weight: 4, draw: changed },
];
