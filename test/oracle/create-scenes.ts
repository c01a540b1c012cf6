import type { Random } from '../fuzz/random.ts';
import { PLACEHOLDERS } from './bad-references.ts';
import { EPHEMERAL_CONTAINERS, POD, type Kind } from './kinds.ts';
import { objectOf, placesFor, podSpecOf, usagesOf, type Fields, type Slot } from './objects.ts';
import type { OraclePolicy } from './policy.ts';
import {
  admission,
  badImage,
  badReference,
  badSlots,
  badUsage,
  goodSlots,
  objectAt,
  spotFor,
  warnedImage,
  type Family,
  type Scene,
  type Spot,
} from './scene.ts';

const isTemplate = (kind: Kind): boolean => kind.template;

/** The ways in which an object is new. No older object exempts its images. */
function asNew(
  random: Random,
  spot: Spot,
  object: Fields,
): Pick<Parameters<typeof admission>[2], 'operation' | 'oldObject' | 'subresource'> {
  const { kind } = spot;
  if (kind.kind === 'EphemeralContainers') {
    return {
      operation: 'UPDATE',
      subresource: 'ephemeralcontainers',
      oldObject: objectOf(random, kind, { ephemeralContainers: [] }, ''),
    };
  }
  // An old object exempts nothing in a CREATE, nor in an unknown future operation.
  if (random.chance(0.05)) return { operation: random.pick(['CREATE', 'PATCH', '']), oldObject: object };
  return { operation: 'CREATE' };
}

function created(
  random: Random,
  spot: Spot,
  slots: readonly Slot[],
  verdict: Parameters<typeof admission>[1],
): Scene {
  const object = objectAt(random, spot, slots);
  const { setting, kind, namespace } = spot;
  return admission(random, verdict, { setting, kind, namespace, object, ...asNew(random, spot, object) });
}

/** Every image is good. */
function goodCreate(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'good');
  const slots = spot && goodSlots(random, spot);
  return (
    slots &&
    spot &&
    created(random, spot, slots, {
      family: `good images: ${policy.name}, ${spot.setting.what}`,
      truth: 'good',
    })
  );
}

/** At least one image breaks a rule that only warns. */
function warnedCreate(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'good', ({ kind }) => kind === 'Pod' || kind === 'Deployment');
  const usage = spot && random.pick(usagesOf(spot.kind));
  const slots =
    spot && usage && badSlots(random, spot, () => warnedImage(random, spot.setting, usage), usage);
  return (
    slots &&
    spot &&
    created(random, spot, slots, { family: 'warned about, by its rule', truth: 'good', warns: true })
  );
}

/** At least one image breaks a rule. */
function badCreate(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any');
  const usage = spot && badUsage(random, spot);
  const slots = spot && usage && badSlots(random, spot, () => badImage(random, spot.setting, usage), usage);
  return (
    slots &&
    spot &&
    created(random, spot, slots, {
      family: `bad image at ${usage}: ${policy.name}, ${spot.setting.what}`,
      truth: 'bad',
    })
  );
}

/** At least one text is not a reference. Every policy must refuse it. */
function badReferenceCreate(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any');
  const usage = spot && random.pick(usagesOf(spot.kind));
  const [family, text] = badReference(random);
  const slots = spot && usage && badSlots(random, spot, () => text, usage);
  return slots && spot && created(random, spot, slots, { family: `bad reference: ${family}`, truth: 'bad' });
}

/** A17: a controller replaces the placeholder, and the pods are reviewed. */
function placeholder(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'good', isTemplate);
  const usage = spot && random.pick(usagesOf(spot.kind));
  const slots = spot && usage && badSlots(random, spot, () => random.pick(PLACEHOLDERS), usage);
  if (spot === undefined || slots === undefined || !areOtherwiseGood(spot, slots)) return undefined;
  return created(random, spot, slots, { family: 'placeholder in a template', truth: 'good', warns: true });
}

function areOtherwiseGood({ setting }: Spot, slots: readonly Slot[]): boolean {
  return slots.every(({ usage }) => setting.expect[usage].good.length > 0);
}

/** The same text in a pod is not an image. */
function placeholderInPod(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any', (kind) => !kind.template);
  const usage = spot && random.pick(usagesOf(spot.kind));
  // In a pod "auto" is a name, and the policy decides about it.
  const slots =
    spot &&
    usage &&
    badSlots(random, spot, () => PLACEHOLDERS[1 + random.below(PLACEHOLDERS.length - 1)], usage);
  return slots && spot && created(random, spot, slots, { family: 'placeholder in a pod', truth: 'bad' });
}

/** A template may omit the reference of an image volume (Kubernetes API reference). */
function volumeWithoutReference(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'good', isTemplate);
  const slots = spot && goodSlots(random, spot);
  if (spot === undefined || slots === undefined) return undefined;
  const podSpec = podSpecOf(random, slots);
  const volumes = [
    ...((podSpec['volumes'] ?? []) as Fields[]),
    {
      name: 'later',
      image: { pullPolicy: 'Always', ...random.pick<object>([{}, { reference: '' }, { reference: null }]) },
    },
  ];
  const { setting, kind, namespace } = spot;
  const object = objectOf(random, kind, { ...podSpec, volumes }, namespace);
  return admission(
    random,
    { family: 'image volume to be filled in', truth: 'good', warns: true },
    { setting, kind, namespace, operation: 'CREATE', object },
  );
}

/** A17: no image at all. */
function emptyImage(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any');
  const usage = spot && random.pick(usagesOf(spot.kind));
  // A controller may fill in the reference of a volume of a template.
  if (usage === 'imageVolume' && spot?.kind.kind !== 'Pod') return undefined;
  const slots = spot && usage && badSlots(random, spot, () => '', usage);
  return slots && spot && created(random, spot, slots, { family: 'empty image', truth: 'bad' });
}

/** F19: the maximum number of images, and one more. */
function manyImages(count: number) {
  return (random: Random, policy: OraclePolicy): Scene | undefined => {
    const spot = spotFor(random, policy, 'good', ({ kind }) => kind === 'Pod' || kind === 'Deployment');
    const image = spot && goodSlots(random, spot)?.find(({ usage }) => usage === 'container')?.image;
    if (spot === undefined || image === undefined) return undefined;
    const other = goodSlots(random, spot, 'initContainer')?.find(
      ({ usage }) => usage === 'initContainer',
    )?.image;
    if (other === undefined) return undefined;
    const half = 1 + random.below(count - 2);
    const slots = Array.from({ length: count }, (_, index): Slot =>
      index < half
        ? { usage: 'container', name: `c${index}`, image }
        : { usage: 'initContainer', name: `c${index}`, image: other },
    );
    const truth = count > 500 ? 'bad' : 'good';
    const { setting, kind, namespace } = spot;
    const object = objectAt(random, spot, slots);
    return admission(
      random,
      { family: `${count} images`, truth },
      { setting, kind, namespace, operation: 'CREATE', object },
    );
  };
}

/** A03: the list exists and is empty. */
function noEphemeralContainers(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any', ({ kind }) => kind === 'EphemeralContainers');
  if (spot === undefined) return undefined;
  const { setting, kind, namespace } = spot;
  const object = objectOf(random, kind, { ephemeralContainers: [] }, namespace);
  return admission(
    random,
    { family: 'A03 an empty list of ephemeral containers', truth: 'good' },
    {
      setting,
      kind,
      namespace,
      operation: 'UPDATE',
      subresource: 'ephemeralcontainers',
      object,
      oldObject: object,
    },
  );
}

/** A03: the list is missing. A list in another place does not count. */
function missingEphemeralContainers(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any', ({ kind }) => kind === 'EphemeralContainers');
  if (spot === undefined) return undefined;
  const { setting, namespace } = spot;
  const podSpec = podSpecOf(
    random,
    placesFor(random, POD).map(({ usage, name }) => ({ usage, name, image: 'ghcr.io/debug/shell:1.2.3' })),
  );
  const object = { ...objectOf(random, EPHEMERAL_CONTAINERS, {}, namespace), spec: podSpec };
  return admission(
    random,
    { family: 'A03 no list of ephemeral containers', truth: 'bad' },
    {
      setting,
      kind: EPHEMERAL_CONTAINERS,
      namespace,
      operation: 'UPDATE',
      subresource: 'ephemeralcontainers',
      object,
      oldObject: null,
    },
  );
}

/** New objects, and objects that are treated as new. */
export const CREATE_FAMILIES: readonly Family[] = [
  { name: 'good images', truth: 'good', weight: 30, draw: goodCreate },
  { name: 'warned about', truth: 'good', weight: 3, draw: warnedCreate },
  { name: 'placeholder in a template', truth: 'good', weight: 2, draw: placeholder },
  { name: 'image volume to be filled in', truth: 'good', weight: 1, draw: volumeWithoutReference },
  { name: '500 images', truth: 'good', weight: 0.15, draw: manyImages(500) },
  { name: 'no ephemeral containers', truth: 'good', weight: 1, draw: noEphemeralContainers },
  { name: 'bad image', truth: 'bad', weight: 40, draw: badCreate },
  { name: 'bad reference', truth: 'bad', weight: 25, draw: badReferenceCreate },
  { name: 'placeholder in a pod', truth: 'bad', weight: 1, draw: placeholderInPod },
  { name: 'empty image', truth: 'bad', weight: 1, draw: emptyImage },
  { name: '501 images', truth: 'bad', weight: 0.15, draw: manyImages(501) },
  { name: 'list of ephemeral containers missing', truth: 'bad', weight: 1, draw: missingEphemeralContainers },
];
