import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { BAD, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { englishText } from '#test/phrases.ts';
import { customKind, image } from './custom/custom-kind.ts';
import type { Fields } from '../document/json.ts';
import { MAX_IMAGES } from './image-list.ts';
import { KNOWN_KINDS, withCustomKinds } from './kinds.ts';
import { findKind, isImageless, isListOfKind } from './kinds.ts';
import { findOwner } from './owner.ts';
import type { ReviewedObject } from './reviewed-object.ts';
import { readSubject, type Subject } from './subject.ts';
import { fieldOf } from '../image/use.ts';

const POD: ReviewedObject = {
  operation: 'CREATE',
  group: '',
  version: 'v1',
  kind: 'Pod',
  subresource: '',
  namespace: undefined,
  user: undefined,
  object: pod(),
  oldObject: null,
};

const NODE = { username: 'system:node:node-1', groups: ['system:nodes'] };
const MIRROR = { annotations: { 'kubernetes.io/config.mirror': 'x' } };

function subjectOf(parts: Partial<ReviewedObject>, kinds = KNOWN_KINDS): Subject {
  return readSubject({ ...POD, ...parts }, kinds);
}

/** The field that cannot be read, and why. */
function refusal(parts: Partial<ReviewedObject>): readonly [string, string] {
  const subject = subjectOf(parts);
  assert.ok(subject.kind === 'unreadable', subject.kind);
  return [subject.field, englishText(subject.reason)];
}

describe('a kind that is not covered', () => {
  const widget = { group: 'example.com', kind: 'Widget', object: {} };

  it('A24 is unknown, with its name and group, whatever the subresource', () => {
    for (const subresource of ['', 'scale', 'image'])
      assert.deepEqual(subjectOf({ ...widget, subresource }), {
        kind: 'unknown',
        name: 'Widget.example.com',
      });
    assert.deepEqual(subjectOf({ ...widget, group: '' }), { kind: 'unknown', name: 'Widget' });
  });

  it('A22 is imageless by its name only in a request for a subresource', () => {
    const scale = { group: 'autoscaling', kind: 'Scale', object: {} };
    assert.deepEqual(subjectOf({ ...scale, subresource: 'scale' }), { kind: 'imageless' });
    assert.deepEqual(subjectOf(scale), { kind: 'unknown', name: 'Scale.autoscaling' });
  });

  it('A24 is a list of a covered kind only if its name ends in List', () => {
    assert.deepEqual(refusal({ kind: 'PodList' }), [
      'object',
      'PodList is a list of objects; the API server sends each object alone',
    ]);
    for (const kind of ['PodLost', 'Podding', 'Podlist'])
      assert.equal(isListOfKind(KNOWN_KINDS, '', kind), false, kind);
    assert.deepEqual(subjectOf({ kind: 'Podding' }), { kind: 'unknown', name: 'Podding' });
  });
});

describe('an object that does not agree with the request', () => {
  it('A36 is refused at the field that does not agree', () => {
    assert.deepEqual(refusal({ object: null }), ['object', 'the object is missing']);
    assert.deepEqual(refusal({ object: { ...pod(), kind: 'Job' } }), [
      'object.kind',
      'the object is not the v1 Pod that the request names',
    ]);
    assert.deepEqual(refusal({ namespace: 'other' }), [
      'object.metadata.namespace',
      'the object is not in the namespace that the request names',
    ]);
  });

  it('A35 may be in any namespace if the request names none', () => {
    assert.equal(subjectOf({ namespace: undefined }).kind, 'images');
    assert.equal(
      subjectOf({ namespace: 'team-a', object: pod({}, { namespace: undefined }) }).kind,
      'images',
    );
  });
});

describe('an update of an object that cannot be read', () => {
  const broken = podOf({ containers: 'none' });

  it('A32 is admitted if the parts with images do not change; a CREATE is refused', () => {
    assert.equal(subjectOf({ operation: 'UPDATE', object: broken, oldObject: broken }).kind, 'imageless');
    assert.equal(subjectOf({ operation: 'CREATE', object: broken, oldObject: broken }).kind, 'unreadable');
    assert.equal(subjectOf({ operation: undefined, object: broken, oldObject: broken }).kind, 'unreadable');
  });

  it('A32 of a custom resource is admitted only if none of its parts changes', () => {
    const widget = customKind('widgets.example.com', 'Widget', [image('spec.image'), image('status.image')]);
    const kinds = withCustomKinds(KNOWN_KINDS, [widget]);
    const object = (spec: unknown, status: unknown): Fields => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      spec,
      status,
    });
    const update = (now: Fields, old: Fields) =>
      subjectOf(
        { operation: 'UPDATE', group: 'example.com', kind: 'Widget', object: now, oldObject: old },
        kinds,
      ).kind;
    assert.equal(update(object({ image: 1 }, { image: 2 }), object({ image: 1 }, { image: 2 })), 'imageless');
    assert.equal(
      update(object({ image: 1 }, { image: 2 }), object({ image: 1 }, { image: 3 })),
      'unreadable',
    );
    assert.equal(
      update(object({ image: 1 }, { image: 2 }), object({ image: 3 }, { image: 2 })),
      'unreadable',
    );
  });
});

describe('a mirror pod', () => {
  const isMirror = (parts: Partial<ReviewedObject>): boolean => {
    const subject = subjectOf({ user: NODE, ...parts });
    return subject.kind === 'images' && subject.mirrorPod;
  };
  const mirrorOn = (nodeName: unknown) => podOf({ ...podSpec(), nodeName }, MIRROR);

  it('A20 is a pod that its own node creates', () => {
    assert.equal(isMirror({ object: mirrorOn('node-1') }), true);
    assert.equal(
      isMirror({ object: mirrorOn('node-1'), operation: 'UPDATE', oldObject: mirrorOn('node-1') }),
      false,
    );
  });

  it('A21 is not created by another node, without a node or for a name that only looks like a node', () => {
    for (const nodeName of ['node-2', '', undefined, null, ['node-1'], { toString: 'node-1' }])
      assert.equal(isMirror({ object: mirrorOn(nodeName) }), false, JSON.stringify(nodeName));
    const nameless = { ...NODE, username: 'system:node:' };
    assert.equal(isMirror({ object: mirrorOn(''), user: nameless }), false);
  });

  it('A21 is always a pod', () => {
    const object = { ...podOf({ ...podSpec(), nodeName: 'node-1', template: { spec: podSpec() } }, MIRROR) };
    const job = { ...object, apiVersion: 'batch/v1', kind: 'Job' };
    assert.equal(isMirror({ group: 'batch', kind: 'Job', object: job }), false);
  });
});

describe('the images of a pod', () => {
  it('A02 are found beside volumes without images and in containers without names', () => {
    const volumes = [
      { name: 'a', image: null },
      { name: 'b', emptyDir: {} },
      { name: 7, image: { reference: GOOD } },
    ];
    const subject = subjectOf({ object: podOf({ containers: [{ name: 7, image: BAD }], volumes }) });
    assert.ok(subject.kind === 'images');
    assert.deepEqual(
      subject.changed.map((use) => [fieldOf(use), use.container]),
      [
        ['spec.containers[0].image', undefined],
        ['spec.volumes[2].image.reference', undefined],
      ],
    );
  });

  it('F19 are counted if they are too many', () => {
    const volumes = Array.from({ length: MAX_IMAGES + 1 }, () => ({ image: { reference: GOOD } }));
    const [field, reason] = refusal({ object: podOf({ containers: [], initContainers: [], volumes }) });
    assert.deepEqual([field, reason], ['spec.containers', 'spec.containers is empty']);
    const full = podOf({ ...podSpec(), volumes });
    assert.deepEqual(refusal({ object: full }), [
      'spec.volumes[499].image.reference',
      'with spec.volumes[499].image.reference the object has 501 images or more; the gate judges at most 500',
    ]);
  });

  it('A03 may be none in EphemeralContainers, if the list exists', () => {
    const object = { apiVersion: 'v1', kind: 'EphemeralContainers', metadata: {}, ephemeralContainers: [] };
    const parts = { kind: 'EphemeralContainers', subresource: 'ephemeralcontainers' };
    assert.equal(subjectOf({ ...parts, object }).kind, 'images');
    assert.deepEqual(refusal({ ...parts, object: { ...object, ephemeralContainers: undefined } }), [
      'ephemeralContainers',
      'ephemeralContainers is missing',
    ]);
  });
});

test('A22 the kinds of subresources have no images, and no other kind is imageless', () => {
  for (const kind of [
    'Scale',
    'Binding',
    'Eviction',
    'DeploymentRollback',
    'PodExecOptions',
    'PodAttachOptions',
    'PodPortForwardOptions',
    'PodProxyOptions',
  ])
    assert.equal(isImageless(kind), true, kind);
  for (const kind of ['', 'Pod', 'scale', 'ServiceProxyOptions'])
    assert.equal(isImageless(kind), false, kind);
});

test('a further kind replaces only a kind of its own group and name', () => {
  const widget = customKind('widgets.example.com', 'Widget', [image('spec.image')]);
  const job = customKind('jobs.batch', 'CronJob', [image('spec.image')]);
  const kinds = withCustomKinds(KNOWN_KINDS, [widget, job]);
  assert.equal(findKind(kinds, 'example.com', 'Widget'), widget);
  assert.equal(findKind(kinds, 'batch', 'CronJob'), job);
  for (const [group, kind] of [
    ['', 'Pod'],
    ['batch', 'Job'],
    ['argoproj.io', 'Rollout'],
  ] as const) {
    assert.ok(findKind(kinds, group, kind) !== undefined, kind);
    assert.equal(findKind(kinds, group, kind), findKind(KNOWN_KINDS, group, kind));
  }
  assert.notEqual(findKind(KNOWN_KINDS, 'batch', 'CronJob'), job, 'in a table of its own');
});

test('an owner whose kind, name or hash is not a string is ignored', () => {
  const owner = (reference: object, labels: object) =>
    findOwner(pod({}, { ownerReferences: [{ controller: true, ...reference }], labels }));
  assert.equal(owner({ kind: 'Job', name: 7 }, {}), undefined);
  assert.deepEqual(owner({ kind: 'ReplicaSet', name: 'web-abc' }, { 'pod-template-hash': ['abc'] }), {
    kind: 'ReplicaSet',
    name: 'web-abc',
  });
});
