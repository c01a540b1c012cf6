import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FIXED } from '#test/arbitraries.ts';
import { BAD, deployment, pod } from '#test/pods.ts';
import { judge, summarise } from '#test/verdicts.ts';

describe('the metadata', () => {
  const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/x'] };
  const texts = fc.dictionary(
    fc.constantFrom('app', 'example.com/exempt', 'pod-template-hash'),
    fc.constantFrom('', 'true', 'web'),
  );
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: '1', controller: true };
  const metadata = fc.record(
    {
      labels: texts,
      annotations: texts,
      ownerReferences: fc.constantFrom([], [owner]),
      finalizers: fc.constantFrom([], ['example.com/x'], ['foregroundDeletion']),
      deletionTimestamp: fc.constant('2026-01-01T00:00:00Z'),
      deletionGracePeriodSeconds: fc.constantFrom(0, 30),
      creationTimestamp: fc.constantFrom(null, '2026-01-01T00:00:00Z'),
      generateName: fc.constant('web-'),
    },
    { requiredKeys: [] },
  );

  it('A31 the metadata of an object does not change the verdict on a changed image', () => {
    fc.assert(
      fc.property(metadata, metadata, fc.boolean(), (now, old, isBad) => {
        const containers = { web: isBad ? BAD : 'registry.example.com/team/app:2.0' };
        const plain = summarise(judge({ object: pod({ containers }), oldObject: pod() }));
        assert.deepEqual(plain[0], isBad ? 'refused' : 'admitted');
        const marked = judge({ object: pod({ containers }, now), oldObject: pod({}, old) });
        assert.deepEqual(summarise(marked), plain);
        assert.deepEqual(summarise(judge({ object: pod({ containers }, now) })), plain);
        const template = { object: deployment({ containers }, now), oldObject: deployment({}, old) };
        assert.deepEqual(summarise(judge(template))[0], plain[0]);
      }),
      { ...FIXED, numRuns: 200 },
    );
  });

  const before = pod({ containers: { web: BAD }, initContainers: { first: BAD } }, deleting);
  for (const [what, metadata] of [
    ['loses its finalizers', { ...deleting, finalizers: [] }],
    ['gets a label', { ...deleting, labels: { a: 'b' } }],
    ['gets an owner', { ...deleting, ownerReferences: [{ kind: 'ReplicaSet', name: 'x', uid: '1' }] }],
  ] as const) {
    it(`A32 a pod is admitted with an image that is forbidden since, if it ${what}`, () => {
      const object = { ...before, metadata: { ...(before['metadata'] as object), ...metadata } };
      const decision = judge({ object, oldObject: before });
      assert.deepEqual([summarise(decision), decision.notices], [['admitted'], []]);
    });
  }
});
