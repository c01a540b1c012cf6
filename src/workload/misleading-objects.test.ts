import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { BAD, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { said } from '#test/sayings.ts';
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
  return [subject.field, said(subject.reason)];
}

describe('a kind that is not covered', () => {
  const widget = { group: 'example.com', kind: 'Widget', object: {} };

  it('A24 is unknown under its name and group, whatever the subresource', () => {
    for (const subresource of ['', 'scale', 'image'])
      assert.deepEqual(subjectOf({ ...widget, subresource }), {
        kind: 'unknown',
        name: 'Widget.example.com',
      });
    assert.deepEqual(subjectOf({ ...widget, group: '' }), { kind: 'unknown', name: 'Widget' });
  });

  it('A22 is imageless by its name for a subresource only', () => {
    const scale = { group: 'autoscaling', kind: 'Scale', object: {} };
    assert.deepEqual(subjectOf({ ...scale, subresource: 'scale' }), { kind: 'imageless' });
    assert.deepEqual(subjectOf(scale), { kind: 'unknown', name: 'Scale.autoscaling' });
  });

  it('A24 is a list of a covered one by its ending only', () => {
    assert.deepEqual(refusal({ kind: 'PodList' }), [
      'object',
      'PodList is a list of objects, which the API server never reviews',
    ]);
    for (const kind of ['PodLost', 'Podding', 'Podlist'])
      assert.equal(isListOfKind(KNOWN_KINDS, '', kind), false, kind);
    assert.deepEqual(subjectOf({ kind: 'Podding' }), { kind: 'unknown', name: 'Podding' });
  });
});

describe('an object that tells another story', () => {
  it('A36 is refused by the field that tells it', () => {
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

  it('A35 may be in any namespace where nobody says in which', () => {
    assert.equal(subjectOf({ namespace: undefined }).kind, 'images');
    assert.equal(
      subjectOf({ namespace: 'team-a', object: pod({}, { namespace: undefined }) }).kind,
      'images',
    );
  });
});

describe('an update of what cannot be read', () => {
  const broken = podOf({ containers: 'none' });

  it('A32 passes when the parts with images stay, and a CREATE never', () => {
    assert.equal(subjectOf({ operation: 'UPDATE', object: broken, oldObject: broken }).kind, 'imageless');
    assert.equal(subjectOf({ operation: 'CREATE', object: broken, oldObject: broken }).kind, 'unreadable');
    assert.equal(subjectOf({ operation: undefined, object: broken, oldObject: broken }).kind, 'unreadable');
  });

  it('A32 of a custom resource passes when all of its parts stay, not just one', () => {
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

  it('A20 is one that its own node creates', () => {
    assert.equal(isMirror({ object: mirrorOn('node-1') }), true);
    assert.equal(
      isMirror({ object: mirrorOn('node-1'), operation: 'UPDATE', oldObject: mirrorOn('node-1') }),
      false,
    );
  });

  it('A21 is none on another node, on none, or on something that only reads like one', () => {
    for (const nodeName of ['node-2', '', undefined, null, ['node-1'], { toString: 'node-1' }])
      assert.equal(isMirror({ object: mirrorOn(nodeName) }), false, JSON.stringify(nodeName));
    const nobody = { ...NODE, username: 'system:node:' };
    assert.equal(isMirror({ object: mirrorOn(''), user: nobody }), false);
  });

  it('A21 is a pod and nothing else', () => {
    const object = { ...podOf({ ...podSpec(), nodeName: 'node-1', template: { spec: podSpec() } }, MIRROR) };
    const job = { ...object, apiVersion: 'batch/v1', kind: 'Job' };
    assert.equal(isMirror({ group: 'batch', kind: 'Job', object: job }), false);
  });
});

describe('the images of a pod', () => {
  it('A02 may be volumes without one, and containers without a name', () => {
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

  it('F19 are counted when they are too many', () => {
    const volumes = Array.from({ length: MAX_IMAGES + 1 }, () => ({ image: { reference: GOOD } }));
    const [field, reason] = refusal({ object: podOf({ containers: [], initContainers: [], volumes }) });
    assert.deepEqual([field, reason], ['spec.containers', 'spec.containers is empty']);
    const full = podOf({ ...podSpec(), volumes });
    assert.deepEqual(refusal({ object: full }), [
      'spec.volumes[499].image.reference',
      'spec.volumes[499].image.reference makes 501 images or more, and 500 are the most that are judged',
    ]);
  });

  it('A03 may be an empty list of ephemeral containers, and no missing one', () => {
    const object = { apiVersion: 'v1', kind: 'EphemeralContainers', metadata: {}, ephemeralContainers: [] };
    const parts = { kind: 'EphemeralContainers', subresource: 'ephemeralcontainers' };
    assert.equal(subjectOf({ ...parts, object }).kind, 'images');
    assert.deepEqual(refusal({ ...parts, object: { ...object, ephemeralContainers: undefined } }), [
      'ephemeralContainers',
      'ephemeralContainers is missing',
    ]);
  });
});

test('A22 kinds of subresources hold no image, and no other kind is one of them', () => {
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

test('further kinds replace none but their own', () => {
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

test('an owner has a kind, a name and a hash that are texts', () => {
  const owner = (reference: object, labels: object) =>
    findOwner(pod({}, { ownerReferences: [{ controller: true, ...reference }], labels }));
  assert.equal(owner({ kind: 'Job', name: 7 }, {}), undefined);
  assert.deepEqual(owner({ kind: 'ReplicaSet', name: 'web-abc' }, { 'pod-template-hash': ['abc'] }), {
    kind: 'ReplicaSet',
    name: 'web-abc',
  });
});
