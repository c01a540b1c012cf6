import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fields } from '../document/json.ts';
import { findSkippedParts } from './skipped-parts.ts';
import { findKind, KNOWN_KINDS } from './kinds.ts';

function find(group: string, kind: string, spec: Fields): readonly string[] {
  const known = findKind(KNOWN_KINDS, group, kind);
  assert.ok(known?.origin === 'custom');
  return findSkippedParts(known, { spec }).map((path) => path.join('.'));
}

describe('X07 parts that mention an image and are not read', () => {
  const patch = '{"containers":[{"name":"main","image":"a:1"}]}';

  it('X07 are found below the part that a kind has them in', () => {
    const workflow = {
      podSpecPatch: patch,
      templates: [{ podSpecPatch: patch }, { resource: { manifest: patch } }],
    };
    const paths = ['podSpecPatch', 'templates.0.podSpecPatch', 'templates.1.resource.manifest'];
    assert.deepEqual(
      find('argoproj.io', 'Workflow', workflow).toSorted(),
      paths.map((path) => `spec.${path}`),
    );
    assert.deepEqual(
      find('argoproj.io', 'CronWorkflow', { workflowSpec: workflow }).toSorted(),
      paths.map((path) => `spec.workflowSpec.${path}`),
    );
  });

  it('X07 are found at the root, also if they are no text', () => {
    const subsets = [{ patch: { spec: { containers: [{ image: 'a' }] } } }, { patch: { spec: {} } }];
    assert.deepEqual(find('apps.kruise.io', 'UnitedDeployment', { topology: { subsets } }), [
      'spec.topology.subsets.0.patch',
    ]);
  });

  it('X07 are nothing if they mention no image, are missing or have another type', () => {
    for (const podSpecPatch of ['{"hostNetwork": true}', undefined, null, 1])
      assert.deepEqual(find('argoproj.io', 'Workflow', { podSpecPatch, templates: 'x' }), []);
    assert.deepEqual(find('argoproj.io', 'Rollout', { podSpecPatch: patch }), []);
  });
});
