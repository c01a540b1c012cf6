import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GOOD } from '#test/pods.ts';
import { englishText } from '#test/phrases.ts';
import type { Fields } from '../../document/json.ts';
import { customKind, image, podSpec, within, type ImageSource } from './custom-kind.ts';
import { findCustomImages } from './find-custom-images.ts';
import { fieldOf, type ImageUse } from '../../image/use.ts';

/** The images that a source finds: names by field, and the identity at a field. */
function find(source: ImageSource, object: Fields) {
  const images = findCustomImages(customKind('w.example.com', 'W', [source]), object);
  assert.ok(images.kind === 'list', JSON.stringify(images));
  const named = Object.fromEntries(images.uses.map((use) => [fieldOf(use), use.container]));
  const identities = new Map(images.uses.map((use) => [fieldOf(use), images.identify(use)]));
  assert.equal(new Set(identities.values()).size, images.uses.length, 'two images have the same identity');
  for (const identity of identities.values()) assert.notEqual(identity, '');
  return { named, identityAt: (field: string) => identities.get(field) };
}

/** Why an object cannot be read. */
function reason(source: ImageSource, object: Fields): string {
  const images = findCustomImages(customKind('w.example.com', 'W', [source]), object);
  assert.ok(images.kind === 'unreadable');
  return englishText(images.reason);
}

describe('the identity of an image', () => {
  it('A09 is the name of its item, or its index if it has none', () => {
    const [a, empty, number, none] = [
      { name: 'a', image: GOOD },
      { name: '', image: GOOD },
      { name: 7, image: GOOD },
      { image: GOOD },
    ];
    const source = image('spec.steps[*].image');
    const one = find(source, { spec: { steps: [a, empty, number, none] } });
    assert.deepEqual(one.named, {
      'spec.steps[0].image': 'a',
      'spec.steps[1].image': undefined,
      'spec.steps[2].image': undefined,
      'spec.steps[3].image': undefined,
    });
    const other = find(source, { spec: { steps: [none, number, empty, a] } });
    assert.equal(other.identityAt('spec.steps[3].image'), one.identityAt('spec.steps[0].image'));
    for (const index of [1, 2])
      assert.equal(
        other.identityAt(`spec.steps[${index}].image`),
        one.identityAt(`spec.steps[${index}].image`),
      );
    assert.notEqual(other.identityAt('spec.steps[0].image'), one.identityAt('spec.steps[3].image'));
  });

  it('A09 is the key of its map', () => {
    const entries = { a: { image: GOOD }, 'b c': { image: GOOD } };
    const { named, identityAt } = find(image('spec.*.image'), { spec: entries });
    assert.deepEqual(named, { 'spec.a.image': 'a', 'spec["b c"].image': 'b c' });
    const turned = find(image('spec.*.image'), { spec: { 'b c': entries['b c'], a: entries.a } });
    assert.equal(turned.identityAt('spec.a.image'), identityAt('spec.a.image'));
    assert.deepEqual(find(image('*.image'), entries).named, { 'a.image': 'a', '["b c"].image': 'b c' });
  });

  it('A09 is the image itself if a key is the image, with the name of the item around it', () => {
    const groups = [{ name: 'g', images: { [GOOD]: {}, nginx: {} } }];
    const { named } = find(image('spec.groups[*].images{keys}'), { spec: { groups } });
    assert.deepEqual(named, {
      [`spec.groups[0].images["${GOOD}"]`]: 'g',
      'spec.groups[0].images.nginx': 'g',
    });
  });

  it('A09 in a pod spec is the identity of the pod spec, the list and the container', () => {
    const [web, side, nameless] = [
      { name: 'web', image: GOOD },
      { name: 'side', image: GOOD },
      { image: GOOD },
    ];
    const volumes = [{ name: 'web', image: { reference: GOOD } }];
    const spec = { containers: [web, side, nameless, nameless], volumes };
    const one = find(podSpec('spec.pods[*]'), { spec: { pods: [spec, spec] } });
    assert.equal(Object.keys(one.named).length, 10);
    assert.equal(one.named['spec.pods[1].containers[1].image'], 'side');
    const root = find(podSpec(''), spec);
    assert.deepEqual(root.named, {
      'containers[0].image': 'web',
      'containers[1].image': 'side',
      'containers[2].image': undefined,
      'containers[3].image': undefined,
      'volumes[0].image.reference': 'web',
    });
    const turned = find(podSpec(''), { ...spec, containers: [nameless, side, web] });
    assert.equal(turned.identityAt('containers[2].image'), root.identityAt('containers[0].image'));
    assert.notEqual(turned.identityAt('containers[0].image'), root.identityAt('containers[2].image'));
    const named = (name: string) => ({ name, spec: { containers: [nameless] } });
    const inOrder = (...names: readonly string[]) =>
      find(podSpec('pods[*].spec'), { pods: names.map(named) });
    assert.equal(
      inOrder('a', 'b').identityAt('pods[0].spec.containers[0].image'),
      inOrder('b', 'a').identityAt('pods[1].spec.containers[0].image'),
      'a container without a name is the same one in a pod that has one',
    );
  });

  it('XH11 is the tag if a repository has a list of tags, so that the list may have another order', () => {
    const source = image('spec.images{keys}', 'container', 'tags[*].tag');
    const tags = (...texts: readonly string[]) => ({
      spec: { images: { nginx: { tags: texts.map((tag) => ({ tag })) } } },
    });
    const at = (index: number): string => `spec.images.nginx.tags[${index}].tag`;
    const [one, other] = [find(source, tags('1', '2')), find(source, tags('0', '1', '2'))];
    assert.equal(one.identityAt(at(0)), other.identityAt(at(1)));
    assert.equal(one.identityAt(at(1)), other.identityAt(at(2)));
    const long = find(source, tags('x'.repeat(300), 'y'.repeat(300)));
    assert.ok((long.identityAt(at(0))?.length ?? 0) < 100, 'a long tag is known by its place');
  });

  it('of an image of another list is empty', () => {
    const images = findCustomImages(customKind('w.example.com', 'W', [image('image')]), { image: GOOD });
    assert.ok(images.kind === 'list');
    const stranger: ImageUse = {
      location: { kind: 'value', path: ['image'] },
      usage: 'container',
      container: undefined,
      image: GOOD,
    };
    assert.equal(images.identify(stranger), '');
  });
});

describe('the reason of a refusal names the expected type', () => {
  for (const [path, object, expected] of [
    ['spec.image', { spec: 'x' }, 'spec is not an object'],
    ['image', { image: 7 }, 'image is 7 and not text'],
    ['image', { image: {} }, 'image is not a string'],
    ['spec[*].image', { spec: {} }, 'spec is not a list'],
    ['spec[*].image', { spec: [{ image: GOOD }, null] }, 'spec[1] is null'],
    ['spec.*.image', { spec: [] }, 'spec is not an object'],
    ['spec{keys}', { spec: 'x' }, 'spec is not an object'],
  ] as const) {
    it(`A14 ${path}: ${expected}`, () => assert.equal(reason(image(path), object), expected));
  }

  it('A14 parts within parts', () => {
    const deep: ImageSource = within('a', 'part', () => [deep]);
    const object = JSON.parse(`${'{"a":'.repeat(9)}{}${'}'.repeat(9)}`) as Fields;
    assert.equal(reason(deep, object), `${'a.'.repeat(8)}a nests more than 8 levels deep`);
  });

  it('A14 a pod spec and a tag', () => {
    assert.equal(reason(podSpec('spec'), { spec: 'x' }), 'spec is not an object');
    const tags = image('images{keys}', 'container', 'tags[*]');
    assert.equal(reason(tags, { images: { nginx: { tags: [1] } } }), 'images.nginx.tags[0] is not a string');
  });
});
