import type { Random } from '../fuzz/random.ts';
import type { Some } from './images.ts';
import { KINDS, POD, type Kind, type Usage } from './kinds.ts';
import type { Fields, Slot } from './objects.ts';
import { badImage, badReference, goodImage, type Truth } from './scene.ts';
import { validObject } from './valid-objects.ts';
import type { Person } from './people.ts';
import type { Setting } from './policy.ts';

/** A request to a real API server, with `reviewed` if the API server then calls the gate. */
export interface Step {
  readonly person: NonNullable<Person>;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** The path below the namespace: `pods`, `pods/x/status`. */
  readonly path: string;
  readonly apiVersion: string;
  readonly dryRun: boolean;
  readonly reviewed: boolean;
  readonly truth: Truth;
  readonly warns: boolean;
  /** Makes the body from the answer to the previous step. */
  readonly body: (before: Fields) => Fields | undefined;
}

/** Steps that run one after the other. The last one is the subject of the test. */
export interface Sequence {
  readonly family: string;
  readonly namespace: string;
  readonly kind: string;
  readonly steps: Some<Step>;
}

/** The features of a version of Kubernetes. */
export interface ClusterFeatures {
  readonly imageVolumes: boolean;
}

/** A label of objects that are not sent to the gate. They replace objects that are older than the gate. */
export const BEFORE_LABEL = 'oracle-before';

/** Kinds that all supported versions of Kubernetes serve. */
export const TODAY = KINDS.filter(({ apiVersion }) =>
  ['v1', 'apps/v1', 'batch/v1'].includes(apiVersion),
) as unknown as Some<Kind>;

export interface Place {
  readonly random: Random;
  readonly setting: Setting;
  readonly kind: Kind;
  readonly namespace: string;
  readonly person: NonNullable<Person>;
  readonly name: string;
  readonly features: ClusterFeatures;
}

export type DrawSequence = (place: Place) => Sequence | undefined;

/** Usages that an API server accepts in a new object of this kind. */
export function usagesFor({ features }: Place): Some<Usage> {
  return features.imageVolumes
    ? ['container', 'initContainer', 'imageVolume']
    : ['container', 'initContainer'];
}

function places({ random, ...place }: Place, wanted: Usage): { usage: Usage; name: string }[] {
  const usages: Usage[] = ['container', ...(wanted === 'container' ? [] : [wanted])];
  while (random.chance(0.3)) usages.push(random.pick(usagesFor({ random, ...place })));
  return usages.map((usage, index) => ({ usage, name: `c${index}` }));
}

/** Good images, with at most one other image; `undefined` if the setting has no good image. */
export function drawSlots(place: Place, wanted: Usage, image?: string): Slot[] | undefined {
  const slots: Slot[] = [];
  for (const at of places(place, wanted)) {
    const drawn =
      goodImage(place.random, place.setting, at.usage) ?? (image === undefined ? undefined : 'nginx:1.2.3');
    if (drawn === undefined) return undefined;
    slots.push({ usage: at.usage, name: at.name, image: drawn });
  }
  const last = slots.findLastIndex(({ usage }) => usage === wanted);
  const spoiled = slots[last];
  if (image !== undefined && spoiled !== undefined)
    slots[last] = { usage: wanted, name: spoiled.name, image };
  return slots;
}

/**
 * Text that is not a reference but that an API server accepts. The image of a pod has no blank at either end, and a
 * request has at most three MiB.
 */
export function takenReference(random: Random, isPod: boolean): string | undefined {
  const [, text] = badReference(random);
  const isTaken = text !== '' && text.length < 100_000 && (!isPod || text.trim() === text);
  return isTaken ? text : undefined;
}

/** A bad image for this usage, by the policy or by the grammar. */
export function drawBad({ random, setting, kind }: Place, usage: Usage): string | undefined {
  const image = random.chance(0.6) ? badImage(random, setting, usage) : undefined;
  return image ?? takenReference(random, kind === POD);
}

export function create(place: Place, object: Fields, parts: Partial<Step> & Pick<Step, 'truth'>): Step {
  const { person, kind, random } = place;
  return {
    person,
    method: 'POST',
    path: kind.resource,
    apiVersion: kind.apiVersion,
    dryRun: random.chance(0.5),
    reviewed: true,
    warns: false,
    body: () => object,
    ...parts,
  };
}

export function sequence({ namespace, kind }: Place, family: string, steps: Some<Step>): Sequence {
  return { family, namespace, kind: `${kind.apiVersion} ${kind.kind}`, steps };
}

/** An object that is older than the gate, and an update that removes its label. */
export function beforeAndAfter(
  place: Place,
  slots: readonly Slot[],
  change: (object: Fields) => void,
  last: Pick<Step, 'truth' | 'warns'>,
): [Step, Step] {
  const { kind, name } = place;
  const before = validObject(place.kind, place.name, slots);
  (before['metadata'] as Fields)['labels'] = { [BEFORE_LABEL]: 'x' };
  const set = create(place, before, { truth: 'good', reviewed: false, dryRun: false });
  const changed = (object: Fields): Fields => {
    const after = structuredClone(object);
    delete (after['metadata'] as { labels: Fields }).labels[BEFORE_LABEL];
    change(after);
    return after;
  };
  return [
    set,
    create(place, before, {
      ...last,
      method: 'PUT',
      path: `${kind.resource}/${name}`,
      dryRun: false,
      body: changed,
    }),
  ];
}
