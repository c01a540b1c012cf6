import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FIXED, images, objects } from '#test/arbitraries.ts';
import { applyPatch, checkWrites } from '#test/written-images.ts';
import type { Fields } from '../document/json.ts';
import type { ImageLocation } from '../image/use.ts';
import { customKind, image, podSpec, within, type ImageSource } from './custom/custom-kind.ts';
import { findImages } from './images.ts';
import { KNOWN_KINDS } from './kinds.ts';
import { findKind, groupOf } from './kinds.ts';
import { writeImage } from './write-image.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** Keys that a JSON Pointer escapes, keys that JavaScript treats in a special way, and long ones. */
const keys = fc.constantFrom(
  'a',
  'a/b',
  '~',
  '~1',
  '',
  '0',
  '__proto__',
  'constructor',
  'odd key',
  'x'.repeat(300),
);
const texts = fc.oneof(images, fc.constantFrom(`nginx@${DIGEST}`, 'quay.io/a/b:1'));
const tags = fc.array(
  fc.constantFrom('1', 'latest', DIGEST).map((tag) => ({ tag })),
  { maxLength: 3 },
);

/** A map with own keys only, also for `__proto__`. */
function mapOf<Value>(values: fc.Arbitrary<Value>, of = keys): fc.Arbitrary<Fields> {
  const entries = fc.uniqueArray(fc.tuple(of, values), { selector: ([key]) => key, maxLength: 4 });
  return entries.map((list) => Object.fromEntries(list));
}

const repositories = fc.constantFrom('nginx', 'ghcr.io/acme/app', 'registry.example.com:5000/a/b');

/** Each form in which a custom resource has images, with example objects. */
const CASES: Readonly<Record<string, readonly [ImageSource, fc.Arbitrary<unknown>]>> = {
  'values of a map': [image('spec.*.image'), mapOf(fc.record({ image: texts }))],
  'items of lists in lists': [
    image('spec[*][*].image'),
    fc.array(fc.array(fc.record({ name: keys, image: texts }), { maxLength: 3 }), { maxLength: 3 }),
  ],
  'keys of a map': [image('spec{keys}'), mapOf(fc.constantFrom(null, {}, 'other'), texts)],
  'tags beside a repository': [
    image('spec{keys}', 'container', 'tags[*].tag'),
    mapOf(fc.record({ tags }), repositories),
  ],
  'pod specs in a map': [
    podSpec('spec.*'),
    mapOf(fc.record({ containers: fc.array(fc.record({ image: images }), { maxLength: 3 }) })),
  ],
  'parts within parts': [
    within('spec.*', 'part', () => [image('image'), image('list[*].image')]),
    mapOf(fc.record({ image: texts, list: fc.array(fc.record({ image: texts }), { maxLength: 2 }) })),
  ],
};

describe('replacing an image of an object', () => {
  it('works for every image of every workload kind, as a copy and as a JSON Patch', () => {
    let checked = 0;
    fc.assert(
      fc.property(objects, (object) => {
        const kind = findKind(KNOWN_KINDS, groupOf(object.apiVersion), object.kind);
        assert.ok(kind !== undefined);
        if (findImages(kind, object).kind === 'list') checked += checkWrites(kind, object);
      }),
      FIXED,
    );
    assert.ok(checked > 500, `${checked} images`);
  });

  for (const [what, [source, specs]] of Object.entries(CASES)) {
    it(`works for ${what} of a custom resource, whatever the keys are`, () => {
      const kind = customKind('w.example.com', 'W', [source]);
      let checked = 0;
      fc.assert(
        fc.property(specs, (drawn) => {
          // JSON.parse makes objects with the usual prototype, as for a request.
          const spec: unknown = JSON.parse(JSON.stringify(drawn));
          if (findImages(kind, { spec }).kind === 'list') checked += checkWrites(kind, { spec });
        }),
        FIXED,
      );
      assert.ok(checked > 100, `${checked} images`);
    });
  }

  it('adds the reference of an image volume that a template leaves out', () => {
    const volume: ImageLocation = { kind: 'value', path: ['spec', 'volumes', 0, 'image', 'reference'] };
    const written = writeImage({ spec: { volumes: [{ image: {} }] } }, volume, 'nginx:1');
    assert.deepEqual(written, {
      kind: 'written',
      object: { spec: { volumes: [{ image: { reference: 'nginx:1' } }] } },
      patch: [{ op: 'add', path: '/spec/volumes/0/image/reference', value: 'nginx:1' }],
    });
  });

  it('escapes keys in the patch', () => {
    const written = writeImage({ 'a/b~c': { image: 'x' } }, { kind: 'value', path: ['a/b~c', 'image'] }, 'y');
    assert.ok(written.kind === 'written');
    assert.deepEqual(written.patch, [{ op: 'replace', path: '/a~1b~0c/image', value: 'y' }]);
  });

  it('changes nothing if the key already is the image', () => {
    const object = { nginx: 1 };
    assert.deepEqual(writeImage(object, { kind: 'key', path: ['nginx'] }, 'nginx'), {
      kind: 'written',
      object,
      patch: [],
    });
  });

  it('moves the value of a map to the new key', () => {
    const written = writeImage(
      { images: { nginx: { a: 1 }, b: 2 } },
      { kind: 'key', path: ['images', 'nginx'] },
      'q/n:1',
    );
    assert.deepEqual(written, {
      kind: 'written',
      object: { images: { 'q/n:1': { a: 1 }, b: 2 } },
      patch: [{ op: 'move', from: '/images/nginx', path: '/images/q~1n:1' }],
    });
  });

  it('leaves the original unchanged and shares what is the same', () => {
    const same = { a: 1 };
    const object = { same, list: [{ image: 'x' }, same] };
    const written = writeImage(object, { kind: 'value', path: ['list', 0, 'image'] }, 'y');
    assert.ok(written.kind === 'written');
    assert.deepEqual(object, { same, list: [{ image: 'x' }, same] });
    assert.equal(written.object['same'], same);
    assert.deepEqual(applyPatch(object, written.patch), written.object);
  });
});

describe('an image that cannot be written', () => {
  const tag: ImageLocation = { kind: 'tag', path: ['tags', 0], repository: 'nginx' };
  const CASES: readonly (readonly [what: string, Fields, ImageLocation, image: string, reason: string])[] = [
    [
      'an object without that location',
      {},
      { kind: 'value', path: ['spec', 'image'] },
      'x',
      'no-such-location',
    ],
    ['a list that is too short', { a: ['x'] }, { kind: 'value', path: ['a', 1] }, 'x', 'no-such-location'],
    ['the root', {}, { kind: 'value', path: [] }, 'x', 'no-such-location'],
    ['a key that is gone', { a: {} }, { kind: 'key', path: ['a', 'x'] }, 'y', 'no-such-location'],
    [
      'a key of an object’s prototype',
      { a: {} },
      { kind: 'key', path: ['a', 'toString'] },
      'y',
      'no-such-location',
    ],
    ['a key that exists', { a: { x: 1, y: 2 } }, { kind: 'key', path: ['a', 'x'] }, 'y', 'key-exists'],
    ['another repository', { tags: ['1'] }, tag, 'nginx/other:2', 'other-repository'],
    ['a repository with the same beginning', { tags: ['1'] }, tag, 'nginx2:2', 'other-repository'],
    ['no tag', { tags: ['1'] }, tag, 'nginx', 'other-repository'],
    ['an empty tag', { tags: ['1'] }, tag, 'nginx:', 'other-repository'],
    ['a tag and a digest', { tags: ['1'] }, tag, `nginx:2@${DIGEST}`, 'tag-and-digest'],
    [
      'a repository without tags',
      { a: 'nginx' },
      { kind: 'repository', path: ['a'] },
      'nginx:1',
      'no-tag-field',
    ],
  ];
  for (const [what, object, location, text, reason] of CASES)
    it(`has a reason: ${what}`, () =>
      assert.deepEqual(writeImage(object, location, text), { kind: 'not-writable', reason }));
});
