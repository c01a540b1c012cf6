import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathOf } from './resources.ts';

describe('a path', () => {
  it('is that of an object or a collection, in one namespace or in all', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
    for (const [place, path] of [
      [{ ...deployment, namespace: 'a', name: 'web' }, '/apis/apps/v1/namespaces/a/deployments/web'],
      [{ ...deployment, namespace: 'a' }, '/apis/apps/v1/namespaces/a/deployments'],
      [deployment, '/apis/apps/v1/deployments'],
      [{ apiVersion: 'v1', kind: 'Namespace', name: 'a' }, '/api/v1/namespaces/a'],
      // The namespace of a cluster-scoped object is ignored.
      [{ apiVersion: 'v1', kind: 'Node', name: 'n', namespace: 'a' }, '/api/v1/nodes/n'],
    ] as const) {
      assert.equal(pathOf(place), path);
    }
  });

  it('escapes a name, so that it adds no path and no query', () => {
    const place = { apiVersion: 'v1', kind: 'Secret', namespace: '..', name: 'a/../b?x#y' };
    assert.equal(pathOf(place), '/api/v1/namespaces/../secrets/a%2F..%2Fb%3Fx%23y');
  });

  it('is not guessed for a kind that is not in the table', () => {
    assert.throws(() => pathOf({ apiVersion: 'v1', kind: 'Gate' }), TypeError);
  });
});
