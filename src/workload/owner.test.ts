import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deployment, pod } from '#test/pods.ts';
import { findOwner } from './owner.ts';

const HASH = '5d4f7c9b6d';
const labels = { 'pod-template-hash': HASH };

/** The owner of a pod that names these owners. */
function ownerOf(ownerReferences: unknown, metadata: object = {}): string | undefined {
  const owner = findOwner(pod({}, { ownerReferences, ...metadata }));
  return owner && `${owner.kind} ${owner.name}`;
}

const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `web-${HASH}`, controller: true };

describe('the owner of a pod', () => {
  it('is the Deployment of its ReplicaSet if the template hash agrees', () => {
    assert.equal(ownerOf([replicaSet], { labels }), 'Deployment web');
    assert.equal(
      ownerOf([replicaSet], { labels, name: undefined, generateName: `web-${HASH}-` }),
      'Deployment web',
    );
  });

  for (const [what, owner, metadata, expected] of [
    ['a ReplicaSet of its own', replicaSet, {}, `ReplicaSet web-${HASH}`],
    [
      'a ReplicaSet whose name ends otherwise',
      replicaSet,
      { labels: { 'pod-template-hash': 'abc' } },
      `ReplicaSet web-${HASH}`,
    ],
    [
      'a ReplicaSet that is called like the hash',
      { ...replicaSet, name: `-${HASH}` },
      { labels },
      `ReplicaSet -${HASH}`,
    ],
    [
      'an empty hash',
      { ...replicaSet, name: 'web-' },
      { labels: { 'pod-template-hash': '' } },
      'ReplicaSet web-',
    ],
    ['a hash that is not text', replicaSet, { labels: { 'pod-template-hash': 1 } }, `ReplicaSet web-${HASH}`],
    ['a Job', { ...replicaSet, kind: 'Job', name: 'report' }, { labels }, 'Job report'],
    ['a Job with the name of a ReplicaSet', { ...replicaSet, kind: 'Job' }, { labels }, `Job web-${HASH}`],
  ] as const) {
    it(`is found for ${what}`, () => assert.equal(ownerOf([owner], metadata), expected));
  }

  it('is the one that controls the pod', () => {
    const others = [{ ...replicaSet, kind: 'Node', controller: false }, null, 'x', { controller: true }];
    assert.equal(
      ownerOf([...others, { ...replicaSet, kind: 'DaemonSet', name: 'agent' }]),
      'DaemonSet agent',
    );
    assert.equal(ownerOf(others), undefined);
  });

  for (const owners of [
    undefined,
    null,
    {},
    'x',
    [],
    [[]],
    [{ kind: 1, name: 'x', controller: true }],
    [{ ...replicaSet, controller: 'true' }],
  ]) {
    it(`is unknown for ${JSON.stringify(owners)}`, () => assert.equal(ownerOf(owners), undefined));
  }

  it('is found only for pods', () => {
    assert.equal(findOwner(deployment({}, { ownerReferences: [replicaSet] })), undefined);
    for (const object of [undefined, null, 'x', [], {}, { kind: 'Pod' }, { kind: 'Pod', metadata: [] }])
      assert.equal(findOwner(object), undefined);
  });
});
