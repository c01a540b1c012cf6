import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fields } from '../document/json.ts';
import { findSuspectedImages } from './suspected-images.ts';

/** `kind path` of each suspicion. */
function find(object: Fields, podSpecsOnly = false): readonly string[] {
  return findSuspectedImages(object, podSpecsOnly).map(({ kind, path }) => `${kind} ${path.join('.')}`);
}

describe('X07 fields of an unknown kind that look like images', () => {
  it('X07 are texts whose key speaks of an image, also in lists and maps', () => {
    const spec = {
      image: 'nginx',
      baseImage: 'quay.io/prometheus/alertmanager',
      images: ['a/b:1', 'c@latest'],
      sidecars: [{ containerImage: 'envoy:1' }],
      byRole: { worker: { imageName: 'ray:2' } },
      rendered: { image: '$(params.image)' },
    };
    assert.deepEqual(find({ spec }), [
      'image spec.image',
      'image spec.baseImage',
      'image spec.images.0',
      'image spec.sidecars.0.containerImage',
      'image spec.byRole.worker.imageName',
      'image spec.rendered.image',
    ]);
  });

  it('X07 are pod specs, and other fields in them', () => {
    const spec = {
      image: 'prom:1',
      containers: [{ name: 'a', image: 'b' }],
      volumes: [{ image: { reference: 'c' } }],
      thanos: { image: 'thanos:1' },
    };
    assert.deepEqual(find({ spec }), ['podSpec spec', 'image spec.image', 'image spec.thanos.image']);
    assert.deepEqual(find({ template: { spec: { initContainers: [{ image: 'a' }] } } }), [
      'podSpec template.spec',
    ]);
  });

  it('X07 are repositories with a tag beside them', () => {
    assert.deepEqual(find({ spec: { image: { repository: 'acme/web', tag: '1' } } }), [
      'parts spec.image.repository',
    ]);
  });

  it('X07 are not metadata, the status, other words, or texts that no image can be', () => {
    const object = {
      metadata: { annotations: { image: 'nginx' } },
      status: { images: ['nginx'] },
      spec: {
        imagePullPolicy: 'always',
        imagePullSecrets: ['a'],
        image: 'https://example.com/x.png',
        logoImage: 'My Picture',
        images: { properties: { image: { type: 'string' } } },
        containers: [{ name: 'no image' }],
        backgroundimage: 'nginx',
      },
    };
    assert.deepEqual(find(object), []);
  });

  it('X07 are only pod specs in kinds of Kubernetes, where an RBD volume has an image, too', () => {
    const spec = { rbd: { image: 'disk' }, template: { spec: { containers: [{ image: 'a' }] } } };
    assert.deepEqual(find({ spec }, true), ['podSpec spec.template.spec']);
  });

  it('X07 are looked for within limits', () => {
    let deep: Fields = { image: 'nginx' };
    for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
    assert.deepEqual(find({ spec: deep }), []);
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]));
    assert.deepEqual(find({ spec: { wide, image: 'nginx' } }), []);
  });
});
