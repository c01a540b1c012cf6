import type { Random } from '../fuzz/random.ts';
import { CONNECTIONS, IMAGELESS, LISTS, POD, UNKNOWN_KINDS, type Kind } from './kinds.ts';
import { metadataOf, objectOf, placesFor, podSpecOf, type Fields } from './objects.ts';
import { ALICE, node, ORDINARY, type Person } from './people.ts';
import type { OraclePolicy } from './policy.ts';
import { admission, badReference, spotFor, type Family, type Spot } from './scene.ts';

/** An object of a kind with images that every policy refuses. */
function badObject(random: Random, { kind, namespace }: Spot): Fields {
  const slots = placesFor(random, kind).map(({ usage, name }) => ({
    usage,
    name,
    image: badReference(random)[1],
  }));
  return objectOf(random, kind, podSpecOf(random, slots), namespace);
}

type Draw = Family['draw'];

/** A33: a deletion is not reviewed. */
const deleted: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const change = { operation: 'DELETE', object: null, oldObject: badObject(random, spot) };
  return admission(random, { family: 'A33 DELETE', truth: 'good' }, { ...spot, ...change });
};

/** A22: the status of an object with bad images. */
const status: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const change = {
    operation: 'UPDATE',
    subresource: 'status',
    object: badObject(random, spot),
    oldObject: null,
  };
  return admission(random, { family: 'A22 status', truth: 'good' }, { ...spot, ...change });
};

const imageless: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const [apiVersion, kind, resource, subresource] = random.pick(IMAGELESS);
  const object = { apiVersion, kind, metadata: metadataOf(random, spot.namespace), spec: { replicas: 1 } };
  const operation = kind === 'Scale' ? 'UPDATE' : 'CREATE';
  const request = { ...spot, kind: { apiVersion, kind, resource }, operation, subresource, object };
  return admission(random, { family: `A22 ${kind}`, truth: 'good' }, request);
};

/** A23. */
const connected: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const [kind, subresource] = random.pick(CONNECTIONS);
  const object = { apiVersion: 'v1', kind, container: 'web', command: ['sh'] };
  const request = {
    ...spot,
    kind: { apiVersion: 'v1', kind, resource: 'pods' },
    operation: 'CONNECT',
    subresource,
  };
  return admission(random, { family: 'A23 CONNECT', truth: 'good' }, { ...request, object });
};

/** A15, decision 3: admitted with a warning, because its pods are reviewed when they are created. */
const unknownKind: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const [apiVersion, kind, resource] = random.pick(UNKNOWN_KINDS);
  const spec = podSpecOf(random, [{ usage: 'container', name: 'web', image: badReference(random)[1] }]);
  const metadata = metadataOf(random, spot.namespace);
  const object = { apiVersion, kind, metadata, spec, data: { spec: { template: { spec } } } };
  const request = {
    ...spot,
    kind: { apiVersion, kind, resource },
    operation: random.pick(['CREATE', 'UPDATE']),
    object,
  };
  return admission(random, { family: 'A15 unknown kind', truth: 'good', warns: true }, request);
};

/** A24. */
const list: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const [apiVersion, kind] = random.pick(LISTS);
  const object = { apiVersion, kind, items: [badObject(random, spot)] };
  const request = { ...spot, kind: { apiVersion, kind, resource: 'lists' }, operation: 'CREATE', object };
  return admission(random, { family: `A24 ${kind}`, truth: 'bad' }, request);
};

const NODE = 'node-1';

/** A pod with the annotation of a mirror pod. */
function mirrorPod(random: Random, spot: Spot, nodeName: unknown): Fields {
  const pod = badObject(random, spot);
  const metadata = pod['metadata'] as Fields;
  metadata['annotations'] = {
    'kubernetes.io/config.mirror': 'a'.repeat(32),
    'kubernetes.io/config.source': 'file',
  };
  metadata['ownerReferences'] = [{ apiVersion: 'v1', kind: 'Node', name: NODE, controller: true }];
  if (nodeName !== undefined) (pod['spec'] as Fields)['nodeName'] = nodeName;
  return pod;
}

function mirrorSpot(random: Random, policy: OraclePolicy): Spot | undefined {
  return spotFor(random, policy, 'any', ({ kind }) => kind === 'Pod');
}

/** A20: the node already runs the static pod. */
const mirror: Draw = (random, policy) => {
  const spot = mirrorSpot(random, policy);
  if (spot === undefined) return undefined;
  const request = { ...spot, person: node(NODE), operation: 'CREATE', object: mirrorPod(random, spot, NODE) };
  return admission(random, { family: 'A20 a node’s mirror pod', truth: 'good', warns: true }, request);
};

type Forgery = readonly [what: string, person: Person, nodeName: unknown];

/** A21: any user can write the annotation. */
const forgedMirror: Draw = (random, policy) => {
  const spot = mirrorSpot(random, policy);
  if (spot === undefined) return undefined;
  const [what, person, nodeName] = random.pick<Forgery>([
    ['a user', random.pick([...ORDINARY, ...ALICE]), NODE],
    ['unknown user', undefined, NODE],
    ['a node, for another', node('node-2'), NODE],
    ['a node, for none', node(NODE), random.pick<unknown>([undefined, '', 1, null])],
    ['the name of a node without its group', { username: `system:node:${NODE}`, groups: [] }, NODE],
    ['the group of nodes without a name', { username: 'bob', groups: ['system:nodes'] }, NODE],
    ['a node without a name', { username: 'system:node:', groups: ['system:nodes'] }, ''],
  ]);
  const object = mirrorPod(random, spot, nodeName);
  const request = { ...spot, person, operation: 'CREATE', object };
  return admission(random, { family: `A21 forged mirror pod: ${what}`, truth: 'bad' }, request);
};

/** A20: without the annotation a node is treated like any other user. */
const nodeWithoutMirror: Draw = (random, policy) => {
  const spot = mirrorSpot(random, policy);
  if (spot === undefined) return undefined;
  const object = mirrorPod(random, spot, NODE);
  (object['metadata'] as Fields)['annotations'] = random.pick<unknown>([
    {},
    null,
    { 'kubernetes.io/config.mirror': 1 },
    'x',
  ]);
  const request = { ...spot, person: node(NODE), operation: 'CREATE', object };
  return admission(random, { family: 'A21 a node’s pod that is no mirror', truth: 'bad' }, request);
};

/** A35, A36: the object differs from the fields of the request. */
const contradicting: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any', ({ kind }) => kind !== 'EphemeralContainers');
  if (spot === undefined) return undefined;
  const { kind, setting, namespace } = spot;
  const slots = placesFor(random, kind).map(({ usage, name }) => ({
    usage,
    name,
    image: 'registry.example.com/team/app:1.2.3',
  }));
  const object = objectOf(random, kind, podSpecOf(random, slots), namespace);
  const [family, forge] = random.pick<readonly [string, (object: Fields) => void]>([
    ['A35 another namespace', (it) => setNamespace(it, 'kube-system-2')],
    ['A35 a namespace that is no text', (it) => setNamespace(it, random.pick<unknown>([1, ['x'], {}]))],
    ['A36 another kind', (it) => (it['kind'] = kind === POD ? 'Deployment' : 'Pod')],
    ['A36 another version', (it) => (it['apiVersion'] = 'apps/v9')],
    ['A36 no kind', (it) => delete it[random.pick(['kind', 'apiVersion'])]],
  ]);
  forge(object);
  return admission(
    random,
    { family, truth: 'bad' },
    { setting, kind, namespace, operation: 'CREATE', object },
  );
};

function setNamespace(object: Fields, namespace: unknown): void {
  (object['metadata'] as Fields)['namespace'] = namespace;
}

/** Ways to make a `PodSpec` of good images unreadable, in one of its lists. */
const SPOILED: readonly ((random: Random, spec: Fields) => unknown)[] = [
  () => null,
  () => undefined,
  () => [],
  () => 'nginx:1.2.3',
  () => ({}),
  (_, spec) => ({ ...spec, containers: null }),
  (_, spec) => ({ ...spec, containers: [] }),
  (_, spec) => ({ ...spec, containers: { 0: { image: 'nginx:1.2.3' } } }),
  (_, spec) => ({ ...spec, containers: 'x' }),
  (random, spec) => ({ ...spec, [listOf(random)]: [null] }),
  (random, spec) => ({ ...spec, [listOf(random)]: ['nginx:1.2.3'] }),
  (random, spec) => ({ ...spec, [listOf(random)]: 'x' }),
  (random, spec) => ({ ...spec, [listOf(random)]: { name: 'x' } }),
  (random, spec) => ({
    ...spec,
    [listOf(random)]: [{ name: 'x', image: random.pick<unknown>([1, {}, ['a'], true]) }],
  }),
  (random, spec) => ({ ...spec, [listOf(random)]: [{ name: 'x' }] }),
  (random, spec) => ({ ...spec, volumes: random.pick<unknown>(['x', {}, ['x'], [null]]) }),
  (random, spec) => ({ ...spec, volumes: [{ name: 'v', image: random.pick<unknown>(['nginx:1', [], 1]) }] }),
  (random, spec) => ({
    ...spec,
    volumes: [{ name: 'v', image: { reference: random.pick<unknown>([1, {}, []]) } }],
  }),
];

function listOf(random: Random): string {
  return random.pick(['containers', 'initContainers', 'ephemeralContainers']);
}

/** A16: an unreadable object is refused and never skipped. */
const malformed: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any', ({ podSpec }: Kind) => podSpec.length > 0);
  if (spot === undefined) return undefined;
  const { setting, kind, namespace } = spot;
  const good = podSpecOf(random, [
    { usage: 'container', name: 'web', image: 'registry.example.com/team/app:1.2.3' },
  ]);
  const spoil = SPOILED[random.below(SPOILED.length)];
  const object = objectOf(random, kind, spoil?.(random, good), namespace);
  const operation = random.pick(['CREATE', 'CREATE', 'UPDATE']);
  return admission(
    random,
    { family: 'A16 malformed pod spec', truth: 'bad' },
    { setting, kind, namespace, operation, object },
  );
};

/** A16: no object at all. */
const noObject: Draw = (random, policy) => {
  const spot = spotFor(random, policy, 'any');
  if (spot === undefined) return undefined;
  const object = random.pick<unknown>([null, undefined, [], 'x', 1, true]);
  const operation = random.pick(['CREATE', 'UPDATE', 'PATCH']);
  return admission(random, { family: 'A16 no object', truth: 'bad' }, { ...spot, operation, object });
};

/**
 * Reviews that are admitted because they contain nothing to review, and reviews that are refused because they cannot
 * be read.
 */
export const PASSING_FAMILIES: readonly Family[] = [
  { name: 'DELETE', truth: 'good', weight: 3, draw: deleted },
  { name: 'status', truth: 'good', weight: 3, draw: status },
  { name: 'imageless', truth: 'good', weight: 3, draw: imageless },
  { name: 'CONNECT', truth: 'good', weight: 2, draw: connected },
  { name: 'unknown kind', truth: 'good', weight: 3, draw: unknownKind },
  { name: 'mirror pod', truth: 'good', weight: 3, draw: mirror },
  { name: 'list', truth: 'bad', weight: 2, draw: list },
  { name: 'forged mirror pod', truth: 'bad', weight: 5, draw: forgedMirror },
  { name: 'node without mirror', truth: 'bad', weight: 1, draw: nodeWithoutMirror },
  { name: 'contradiction', truth: 'bad', weight: 4, draw: contradicting },
  { name: 'malformed', truth: 'bad', weight: 8, draw: malformed },
  { name: 'no object', truth: 'bad', weight: 2, draw: noObject },
];
