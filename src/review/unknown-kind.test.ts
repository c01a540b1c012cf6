import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { policyDocument } from '#test/policies.ts';
import { decide } from '#test/verdicts.ts';
import type { Fields } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { fieldOf } from '../image/use.ts';
import { decodePolicy } from '../policy/decode.ts';
import type { CustomResourceDocument } from '../policy/schema.ts';
import { reviewOfObject } from './review-of.ts';
import { noteOfUnknownKind } from './unknown-kind.ts';

function noteOf(apiVersion: string, kind: string, spec: unknown): string | undefined {
  const note = noteOfUnknownKind(apiVersion, kind, { apiVersion, kind, spec });
  return note && englishText(note.text);
}

/** Objects of unknown kinds, and the fields that are refused as soon as the entry of the note is in a policy. */
const OBJECTS: readonly (readonly [apiVersion: string, kind: string, spec: Fields, ...refused: string[]])[] =
  [
    ['example.com/v1', 'Runner', { template: { spec: { image: 'a' } } }, 'spec.template.spec.image'],
    [
      'example.com/v1',
      'Proxy',
      { image: 'a', containers: [{ image: 'b' }], thanos: { image: 'c' } },
      'spec.containers[0].image',
      'spec.image',
      'spec.thanos.image',
    ],
    [
      'example.com/v1',
      'Policy',
      { steps: [{ image: 'a' }, { image: 'b' }], images: ['c'] },
      'spec.steps[0].image',
      'spec.steps[1].image',
      'spec.images[0]',
    ],
    [
      'a.b-c.example.com/v2beta1',
      'Bus',
      { 'odd key/x': { image: 'a' }, 'it"s': { image: 'b' }, any: [[{ image: 'c' }]] },
      'spec["odd key/x"].image',
      String.raw`spec["it\"s"].image`,
      'spec.any[0][0].image',
    ],
  ];

describe('X07 the note about an object of an unknown kind', () => {
  for (const [apiVersion, kind, spec, ...refused] of OBJECTS) {
    it(`X07 ${kind}: the entry that it proposes makes the gate judge each field`, async () => {
      const text = noteOf(apiVersion, kind, spec) ?? '';
      const [, entry = ''] = /add to spec\.customResources of the policy: (.*)$/.exec(text) ?? [];
      const own = parseDocuments(entry, 'entry')[0]?.value as CustomResourceDocument;
      const document = policyDocument([{ disallowedTags: { tags: ['latest'] } }]);
      const policy = await decodePolicy({ ...document, spec: { ...document.spec, customResources: [own] } });
      const object = { apiVersion, kind, metadata: { name: 'x' }, spec };
      const { violations } = decide(reviewOfObject({ apiVersion, kind, object }, policy), policy);
      assert.deepEqual(new Set(violations.map(({ use }) => use && fieldOf(use))), new Set(refused));
      assert.ok(violations.every(({ code }) => code === 'DISALLOWED_TAG'));
    });
  }

  it('X07 names the fields, and the plural that Kubernetes guesses', () => {
    assert.equal(
      noteOf('example.com/v1', 'Proxy', { template: { spec: { containers: [{ image: 'a' }] } }, image: 'b' }),
      'the gate does not know where Proxy.example.com has images; these fields look like images: spec.template.spec.containers, spec.image; add to spec.customResources of the policy: {resource: proxies.example.com, kind: Proxy, images: [{podSpec: spec.template.spec}, {image: spec.image}]}',
    );
    assert.match(noteOf('example.com/v1', 'Prometheus', { image: 'b' }) ?? '', /resource: prometheuses\./);
  });

  it('X07 names many fields up to a limit, and says if a policy cannot name the image', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`s${index}`, { image: 'a' }]));
    assert.match(noteOf('example.com/v1', 'Many', many) ?? '', /spec\.s7\.image and 4 more; add/);
    const parts = { image: { repository: 'a', tag: '1' } };
    assert.equal(
      noteOf('example.com/v1', 'Parts', parts),
      'the gate does not know where Parts.example.com has images; these fields look like images: spec.image.repository; a policy cannot name an image whose tag is in another field; its pods are judged when they are created',
    );
  });

  it('X07 names the right type if the wrong one is of Kubernetes itself', () => {
    const spec = { template: { spec: { containers: [{ image: 'a' }] } } };
    assert.equal(
      noteOf('v1', 'Deployment', spec),
      'spec.template.spec looks like a pod, but Kubernetes has no kind Deployment in v1; write apiVersion: apps/v1 and kind: Deployment',
    );
    assert.match(
      noteOf('apps/v1', 'deployment', spec) ?? '',
      /write apiVersion: apps\/v1 and kind: Deployment$/,
    );
    assert.match(noteOf('apps/v1', 'Deploymnt', spec) ?? '', /correct apiVersion and kind$/);
  });

  it('X07 is missing if nothing looks like an image', () => {
    assert.equal(noteOf('v1', 'PersistentVolume', { rbd: { image: 'disk' } }), undefined);
    assert.equal(noteOf('example.com/v1', 'Widget', { size: 3 }), undefined);
    const own = { customResources: [{ images: [{ image: 'spec.image' }] }] };
    assert.equal(noteOf('kube-image-bouncer.io/v1alpha1', 'ImageAdmissionPolicy', own), undefined);
  });

  it('K01 escapes and cuts the names in the object', () => {
    const hostile = '\u001b[31m\u202e'.repeat(100);
    const text = noteOf(`${hostile}/v1`, hostile, { [hostile]: { image: 'a' } }) ?? '';
    assert.match(text, /^[\x20-\x7e]+$/);
    assert.ok(text.length < 2000);
  });
});
