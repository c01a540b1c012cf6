import type { Random } from '../fuzz/random.ts';
import type { Some } from './images.ts';
import { EPHEMERAL_CONTAINERS, type Kind, type Usage } from './kinds.ts';

/** Part of a document. */
export type Fields = { [key: string]: unknown };

/** An image at its place. */
export interface Slot {
  readonly usage: Usage;
  /** Name of the container or the volume. */
  readonly name: string;
  readonly image: string;
}

const LISTS: Readonly<Record<Exclude<Usage, 'imageVolume'>, string>> = {
  container: 'containers',
  initContainer: 'initContainers',
  ephemeralContainer: 'ephemeralContainers',
};

/** A bad image. It is put into fields that are not images. */
const DECOY = 'Evil.example.com/latest:latest';

/** A `PodSpec` with images at exactly these places. Some other fields have text that looks like an image. */
export function podSpecOf(random: Random, slots: readonly Slot[]): Fields {
  const spec: Fields = {};
  for (const { usage, name, image } of slots) {
    const key = usage === 'imageVolume' ? 'volumes' : LISTS[usage];
    const list = (spec[key] ??= []) as Fields[];
    list.push(
      usage === 'imageVolume'
        ? { name, image: { reference: image, pullPolicy: 'Always' } }
        : containerOf(random, name, image),
    );
  }
  if (random.chance(0.1)) {
    (spec['volumes'] ??= []) as Fields[];
    (spec['volumes'] as Fields[]).push(
      { name: 'block', rbd: { image: DECOY } },
      { name: 'config', configMap: { name: 'x' } },
    );
  }
  // A list with the value null is the same as a missing list.
  if (spec['initContainers'] === undefined && random.chance(0.05))
    spec['initContainers'] = random.pick([null, []]);
  if (random.chance(0.3)) spec['restartPolicy'] = 'Always';
  return spec;
}

function containerOf(random: Random, name: string, image: string): Fields {
  const container: Fields = { name, image };
  if (random.chance(0.1)) container['env'] = [{ name: 'IMAGE', value: DECOY }];
  if (random.chance(0.1)) container['imagePullPolicy'] = random.pick(['Always', 'Never', 'IfNotPresent']);
  // Field names are case-sensitive.
  if (random.chance(0.05)) container['Image'] = DECOY;
  return container;
}

/** An object of a kind with this `PodSpec`. For `EphemeralContainers` it is the root. */
export function objectOf(random: Random, kind: Kind, podSpec: unknown, namespace: string): Fields {
  const object: Fields = {
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    metadata: metadataOf(random, namespace),
  };
  if (kind.podSpec.length === 0) return { ...(podSpec as Fields), ...object };
  let parent = object;
  for (const key of kind.podSpec.slice(0, -1)) parent = parent[key] = {} as Fields;
  const last = kind.podSpec[kind.podSpec.length - 1];
  if (last !== undefined) parent[last] = podSpec;
  if (random.chance(0.05)) object['status'] = { containerStatuses: [{ image: DECOY, imageID: DECOY }] };
  return object;
}

const NAMES: Some<string> = ['web', 'a', 'web-7d4b9c', '__proto__', 'constructor'];

/** Metadata. The parts that the requester can write must not change the verdict (A29, A30, A34, D16). */
export function metadataOf(random: Random, namespace: string): Fields {
  const metadata: Fields = random.chance(0.1) ? { generateName: 'web-' } : { name: random.pick(NAMES) };
  if (namespace !== '' && random.chance(0.8)) metadata['namespace'] = namespace;
  if (random.chance(0.1)) metadata['labels'] = { app: 'web', 'kube-image-bouncer.io/exempt': 'true' };
  if (random.chance(0.1)) metadata['annotations'] = { note: DECOY, 'image-bouncer/verified': 'pass' };
  if (random.chance(0.05))
    metadata['ownerReferences'] = [{ kind: 'ReplicaSet', name: 'web-1', controller: true }];
  if (random.chance(0.05)) metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
  if (random.chance(0.05)) metadata['finalizers'] = ['example.com/keep'];
  return metadata;
}

const USAGES: Some<Usage> = ['container', 'initContainer', 'ephemeralContainer', 'imageVolume'];

/** Places of images of an object of this kind: at least one container, usually few places, sometimes many. */
export function placesFor(random: Random, kind: Kind, wanted?: Usage): { usage: Usage; name: string }[] {
  if (kind.podSpec === EPHEMERAL_CONTAINERS.podSpec)
    return numbered(['ephemeralContainer', ...some<Usage>(random, () => 'ephemeralContainer')]);
  const first: Usage[] =
    wanted === undefined || wanted === 'container' ? ['container'] : ['container', wanted];
  return numbered([...first, ...some(random, () => random.pick(USAGES))]);
}

function some<Item>(random: Random, draw: () => Item): Item[] {
  const length = random.chance(0.003) ? 20 + random.below(60) : random.below(3);
  return Array.from({ length }, draw);
}

function numbered(usages: readonly Usage[]): { usage: Usage; name: string }[] {
  return usages.map((usage, index) => ({ usage, name: `${usage === 'imageVolume' ? 'v' : 'c'}${index}` }));
}

/** Usages that an object of this kind can have. */
export function usagesOf(kind: Kind): Some<Usage> {
  return kind.podSpec === EPHEMERAL_CONTAINERS.podSpec ? ['ephemeralContainer'] : USAGES;
}
