import type { Random } from '../fuzz/random.ts';
import {
  beforeAndAfter,
  create,
  drawBad,
  drawSlots,
  sequence,
  takenReference,
  TODAY,
  usagesFor,
  type ClusterFeatures,
  type DrawSequence,
  type Sequence,
  type Place,
  type Step,
} from './sequence.ts';
import type { Some } from './images.ts';
import { POD, type Kind, type Usage } from './kinds.ts';
import type { Fields, Slot } from './objects.ts';
import { node } from './people.ts';
import type { OraclePolicy } from './policy.ts';
import { goodImage, type Truth } from './scene.ts';
import { setImage, validObject } from './valid-objects.ts';

const goodCreate: DrawSequence = (place) => {
  const slots = drawSlots(place, place.random.pick(usagesFor(place)));
  return (
    slots &&
    sequence(place, 'good create', [
      create(place, validObject(place.kind, place.name, slots), { truth: 'good' }),
    ])
  );
};

const badCreate: DrawSequence = (place) => {
  const usage = place.random.pick(usagesFor(place));
  const bad = drawBad(place, usage);
  const slots = bad === undefined ? undefined : drawSlots(place, usage, bad);
  return (
    slots &&
    sequence(place, `bad create at ${usage}`, [
      create(place, validObject(place.kind, place.name, slots), { truth: 'bad' }),
    ])
  );
};

const placeholder: DrawSequence = (place) => {
  const slots = drawSlots(place, 'container');
  if (slots === undefined || !place.kind.template) return undefined;
  const image = place.random.pick(['auto', ' ', '$(params.image)', '{{workflow.parameters.image}}']);
  const object = validObject(place.kind, place.name, [
    ...slots,
    { usage: 'container', name: 'later', image },
  ]);
  return sequence(place, 'placeholder in a template', [
    create(place, object, { truth: 'good', warns: true }),
  ]);
};

/**
 * An existing bad image is kept (SECURITY.md 7), and later requests about the object are admitted as well (A22, A32,
 * A33).
 */
const kept: DrawSequence = (place) => {
  const { random, kind } = place;
  const usage = random.pick(usagesFor(place));
  const bad = drawBad(place, usage);
  const slots = bad === undefined ? undefined : drawSlots(place, usage, bad);
  if (slots === undefined) return undefined;
  const finalizers = (object: Fields): void => void ((object['metadata'] as Fields)['finalizers'] = []);
  const steps = beforeAndAfter(place, slots, finalizers, { truth: 'good', warns: kind.template });
  const [then, followUp] = random.pick(followUps(place));
  return sequence(place, `a bad image is kept${then}`, [...steps, ...followUp]);
};

function followUps(place: Place): Some<readonly [string, Step[]]> {
  const { kind, name } = place;
  const path = `${kind.resource}/${name}`;
  const more = { truth: 'good', dryRun: true, path } as const;
  const deletion = create(place, {}, { ...more, method: 'DELETE', body: () => undefined });
  const always: Some<readonly [string, Step[]]> = [
    ['', []],
    [', then deleted', [deletion]],
  ];
  if (kind === POD) {
    const status = create(place, {}, { ...more, method: 'PUT', path: `${path}/status`, body: (pod) => pod });
    const evicted = create(place, eviction(name), { ...more, path: `${path}/eviction` });
    return [...always, [', then evicted', [evicted]], [', then its status', [status]]];
  }
  if (kind.kind !== 'Deployment' && kind.kind !== 'ReplicationController') return always;
  const scaled = create(place, scaleOf(place), { ...more, method: 'PUT', path: `${path}/scale` });
  return [...always, [', then scaled', [scaled]]];
}

function scaleOf({ name, namespace }: Place): Fields {
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace },
    spec: { replicas: 0 },
  };
}

function eviction(name: string): Fields {
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
}

/** A08: the image of a container changes to a bad one. Excludes Jobs, because their template cannot change. */
const changed: DrawSequence = (place) => {
  const { random, kind } = place;
  if (kind.kind === 'Job') return undefined;
  const usage = random.pick<Usage>(['container', 'initContainer']);
  const bad = drawBad(place, usage);
  const slots =
    bad === undefined ? undefined : drawSlots(place, usage, 'registry.example.com/team/before:1.2.3');
  if (slots === undefined) return undefined;
  const name = slots.findLast((slot) => slot.usage === usage)?.name;
  const steps = beforeAndAfter(place, slots, (object) => setImage(object, kind, name, bad), {
    truth: 'bad',
    warns: false,
  });
  return sequence(place, 'A08 an image becomes bad', steps);
};

/** A09: two containers of a pod swap their images. */
const swapped: DrawSequence = (place) => {
  const { random, setting, kind } = place;
  if (kind.kind === 'Job') return undefined;
  const [good, bad] = [goodImage(random, setting, 'container'), drawBad(place, 'container')];
  if (good === undefined || bad === undefined || good === bad) return undefined;
  const slots: Slot[] = [
    { usage: 'container', name: 'one', image: good },
    { usage: 'container', name: 'two', image: bad },
  ];
  const swap = (object: Fields): void => {
    setImage(object, kind, 'one', bad);
    setImage(object, kind, 'two', good);
  };
  return sequence(
    place,
    'A09 two containers swap their images',
    beforeAndAfter(place, slots, swap, { truth: 'bad', warns: false }),
  );
};

/** A04: an ephemeral container in a pod that the gate has admitted. */
const debugged: DrawSequence = (place) => {
  const { random, setting, name, kind } = place;
  if (kind !== POD) return undefined;
  const slots = drawSlots(place, 'container');
  const truth: Truth = random.chance(0.4) ? 'good' : 'bad';
  const image =
    truth === 'good'
      ? goodImage(random, setting, 'ephemeralContainer')
      : drawBad(place, 'ephemeralContainer');
  if (slots === undefined || image === undefined) return undefined;
  const debug = (pod: Fields): Fields => ({
    ...pod,
    spec: { ...(pod['spec'] as Fields), ephemeralContainers: [{ name: 'debug', image }] },
  });
  const first = create(place, validObject(place.kind, place.name, slots), { truth: 'good', dryRun: false });
  const second = create(
    place,
    {},
    {
      truth,
      method: 'PUT',
      path: `pods/${name}/ephemeralcontainers`,
      dryRun: random.chance(0.5),
      body: debug,
    },
  );
  return sequence(place, `A04 a ${truth} ephemeral container`, [first, second]);
};

const NODE = 'node-1';

/** A20, A21: a mirror pod of a node, and a forged one. */
const mirror: DrawSequence = (place) => {
  const { random, kind } = place;
  const bad = takenReference(random, true);
  const slots = bad === undefined || kind !== POD ? undefined : drawSlots(place, 'container', bad);
  if (slots === undefined) return undefined;
  const object = validObject(place.kind, place.name, slots);
  (object['metadata'] as Fields)['annotations'] = { 'kubernetes.io/config.mirror': 'a'.repeat(32) };
  (object['spec'] as Fields)['nodeName'] = NODE;
  if (random.chance(0.5)) {
    const step = create(place, object, { truth: 'good', warns: true, person: node(NODE) });
    return sequence(place, 'A20 a node’s mirror pod', [step]);
  }
  const person = random.pick([place.person, node('node-2')]);
  return sequence(place, 'A21 a forged mirror pod', [create(place, object, { truth: 'bad', person })]);
};

/** A15: a Secret has no images, with any content. */
const unknown: DrawSequence = (place) => {
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: place.name },
    stringData: { image: 'Evil:latest' },
  };
  const step = create(place, object, { truth: 'good', warns: true, path: 'secrets', apiVersion: 'v1' });
  return sequence(place, 'A15 an unknown kind', [step]);
};

const any = (): boolean => true;
const isPod = (kind: Kind): boolean => kind === POD;

const SEQUENCES: Some<readonly [DrawSequence, (kind: Kind) => boolean]> = [
  [goodCreate, any],
  [goodCreate, any],
  [badCreate, any],
  [badCreate, any],
  [kept, any],
  [changed, any],
  [swapped, any],
  [debugged, isPod],
  [mirror, isPod],
  [placeholder, any],
  [unknown, isPod],
];

/** A place of a policy at which an API server accepts an object of this kind. */
export function drawSequence(
  random: Random,
  policy: OraclePolicy,
  index: number,
  features: ClusterFeatures,
): Sequence {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [draw, suits] = random.pick(SEQUENCES);
    const settings = policy.settings.filter(
      ({ protocol, kinds }) => protocol === 'AdmissionReview' && kinds.some((kind) => TODAY.includes(kind)),
    );
    const setting = settings[random.below(settings.length)];
    const kinds = (setting?.kinds ?? []).filter((kind) => TODAY.includes(kind) && suits(kind));
    const kind = kinds[random.below(kinds.length)];
    if (setting === undefined || kind === undefined) continue;
    const person = random.pick(setting.people);
    if (person === undefined) continue;
    const namespace = random.pick(setting.namespaces);
    const sequence = draw({ random, setting, kind, namespace, person, name: `o-${index}`, features });
    if (sequence !== undefined) return sequence;
  }
  throw new Error(`policy ${policy.name} has no sequence`);
}
