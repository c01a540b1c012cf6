import assert from 'node:assert/strict';
import { it } from 'node:test';
import { patchPathsOf } from './kustomization.ts';

it('X08 the patches of a kustomization are its paths in three lists, and not the patches that it contains', () => {
  assert.deepEqual(
    patchPathsOf({
      resources: ['a.yaml'],
      patches: [{ path: 'p.yaml', target: { kind: 'Pod' } }, { patch: '- op: remove' }, { path: '' }, 7],
      patchesStrategicMerge: ['s.yaml', 'kind: Pod\nmetadata: {name: a}\n', null],
      patchesJson6902: [{ path: 'j.yaml' }],
    }),
    ['p.yaml', 's.yaml', 'j.yaml'],
  );
  assert.deepEqual(patchPathsOf({ patches: 'x', patchesStrategicMerge: { path: 'a' } }), []);
});
