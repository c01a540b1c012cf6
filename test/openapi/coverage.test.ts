import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compare, type Lists } from './coverage.ts';
import { COVERED_FIELDS, COVERED_KINDS } from './covered.ts';
import { findImageFields, type OpenApi } from './image-fields.ts';
import { NOT_IMAGES } from './not-images.ts';

const ref = (name: string) => ({ $ref: `#/definitions/io.k8s.api.${name}` });
const text = { type: 'string' };

/** An API server with a kind that contains a pod spec. */
function openApi(kind: string, properties: object, others: object = {}): OpenApi {
  const post = {
    parameters: [{ in: 'body', schema: ref(`test.v1.${kind}`) }],
    'x-kubernetes-group-version-kind': { group: 'test', version: 'v1', kind },
  };
  const definitions = {
    [`io.k8s.api.test.v1.${kind}`]: { properties },
    'io.k8s.api.core.v1.Container': { properties: { name: text, image: text } },
    ...others,
  };
  return { definitions, paths: { [`/apis/test/v1/${kind}`]: { post } } } as unknown as OpenApi;
}

const linesOf = (document: OpenApi): string[] =>
  findImageFields(document).map(({ path, owner }) => `${path} (${owner})`);

describe('the search in an OpenAPI document', () => {
  it('finds containers at any depth, in lists and in maps', () => {
    const container = ref('core.v1.Container');
    const document = openApi('Crate', {
      box: container,
      list: { type: 'array', items: container },
      map: { type: 'object', additionalProperties: { type: 'array', items: container } },
    });
    assert.deepEqual(linesOf(document), [
      'box.image (core.v1.Container image)',
      'list[*].image (core.v1.Container image)',
      'map.*[*].image (core.v1.Container image)',
    ]);
  });

  it('finds a field by its name, by the name of its parent, and by its description', () => {
    const named = {
      osImage: text,
      registry: text,
      reference: text,
      replicas: { type: 'integer' },
      schedule: text,
    };
    const parent = { 'io.k8s.api.test.v1.Volume': { properties: { which: text } } };
    const field = { kernel: { type: 'string', description: 'An OCI image to boot.' } };
    const document = openApi('Odd', { ...named, imageVolume: ref('test.v1.Volume'), ...field }, parent);
    assert.deepEqual(linesOf(document), [
      'osImage (test.v1.Odd osImage)',
      'registry (test.v1.Odd registry)',
      'reference (test.v1.Odd reference)',
      'imageVolume.which (test.v1.Volume which)',
      'kernel (test.v1.Odd kernel)',
    ]);
  });

  it('finds a field of any type, for every name', () => {
    const raw = { 'io.k8s.api.test.v1.Raw': { type: 'object', description: 'anything' } };
    assert.deepEqual(linesOf(openApi('Bag', { data: ref('test.v1.Raw'), more: {} }, raw)), [
      'data (test.v1.Bag data)',
      'more (test.v1.Bag more)',
    ]);
  });

  it('ends if a type contains itself', () => {
    const own = { inner: ref('test.v1.Tree'), image: text };
    assert.deepEqual(linesOf(openApi('Tree', own)), ['image (test.v1.Tree image)']);
  });
});

describe('the lists', () => {
  const lists: Lists = { kinds: COVERED_KINDS, fields: COVERED_FIELDS, notImages: NOT_IMAGES };
  const podSpec = {
    'io.k8s.api.test.v1.Spec': {
      properties: { containers: { type: 'array', items: ref('core.v1.Container') } },
    },
  };
  const found = findImageFields(openApi('Job', { spec: ref('test.v1.Spec') }, podSpec));
  const narrow: Lists = {
    kinds: [{ kind: 'v1 Pod', podSpec: 'spec' }],
    fields: [{ path: 'containers[*].image' }],
    notImages: [],
  };
  const asPod = found.map(({ path, owner }) => ({ kind: 'v1 Pod', path, owner }));

  it('agree with an API server that has the same fields', () => {
    assert.deepEqual(compare(asPod, narrow, 'v1.37'), []);
  });

  it('report a field that no list has', () => {
    assert.deepEqual(compare([...asPod, ...found], narrow, 'v1.37'), [
      'neither covered nor listed: test/v1 Job spec.containers[*].image (core.v1.Container image)',
    ]);
    assert.equal(compare(asPod, { ...narrow, fields: [] }, 'v1.37').length, 1, 'without its row');
  });

  it('report a row for a field that no longer exists or that the gate does not find', () => {
    const more = { ...narrow, notImages: [{ owner: 'core.v1.Old image', why: '' }] };
    assert.deepEqual(compare(asPod, more, 'v1.37'), ['listed and not there: core.v1.Old image']);
    assert.deepEqual(compare([], narrow, 'v1.37'), [
      'covered and not there: v1 Pod spec.containers[*].image',
    ]);
    const wrong = { ...narrow, kinds: [{ kind: 'v1 Secret', podSpec: 'spec' }] };
    const asSecret = found.map(({ path, owner }) => ({ kind: 'v1 Secret', path, owner }));
    assert.deepEqual(compare(asSecret, wrong, 'v1.37'), [
      'covered and not found: v1 Secret spec.containers[*].image',
    ]);
  });

  it('list each field once, with a reason', () => {
    const owners = lists.notImages.map(({ owner }) => owner);
    assert.deepEqual([...new Set(owners)], owners);
    for (const { owner, why } of lists.notImages) assert.ok(why.length > 3, owner);
    assert.ok(!owners.includes('core.v1.Container image'));
  });
});
