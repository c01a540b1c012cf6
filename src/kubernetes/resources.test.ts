import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathOf } from './resources.ts';

describe('a path', () => {
  it('leads to an object or a collection, of one namespace or of all', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
    for (const [place, path] of [
      [{ ...deployment, namespace: 'a', name: 'web' }, '/apis/apps/v1/namespaces/a/deployments/web'],
      [{ ...deployment, namespace: 'a' }, '/apis/apps/v1/namespaces/a/deployments'],
      [deployment, '/apis/apps/v1/deployments'],
      [{ apiVersion: 'v1', kind: 'Namespace', name: 'a' }, '/api/v1/namespaces/a'],
      // A namespace that an object without one claims leads nowhere.
      [{ apiVersion: 'v1', kind: 'Node', name: 'n', namespace: 'a' }, '/api/v1/nodes/n'],
    ] as const) {
      assert.equal(pathOf(place), path);
    }
  });

  it('takes a name for a name: no other path, no query', () => {
    const place = { apiVersion: 'v1', kind: 'Secret', namespace: '..', name: 'a/../b?x#y' };
    assert.equal(pathOf(place), '/api/v1/namespaces/../secrets/a%2F..%2Fb%3Fx%23y');
  });

  it('is not guessed for a kind that nobody entered', () => {
    assert.throws(() => pathOf({ apiVersion: 'v1', kind: 'Gate' }), TypeError);
  });
});
