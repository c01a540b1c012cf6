import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, pod } from '#test/pods.ts';
import { policyDocument, policyOf } from '#test/policies.ts';
import { judge, summarise } from '#test/verdicts.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import { defaultPolicyDocument } from '../../src/policy/default-policy.ts';

const LATEST = { disallowedTags: { tags: ['latest'] } };
const DIGEST = `sha256:${'0'.repeat(64)}`;
const BAD_POD = pod({ containers: { web: BAD } });
const REFUSED = ['refused', 'DISALLOWED_TAG spec.containers[0].image web'];

/** Properties of JavaScript objects. The names in lower case are valid names of namespaces. */
const INHERITED = [
  'constructor',
  'tostring',
  'valueof',
  'toString',
  'hasOwnProperty',
  '__proto__',
  'prototype',
];

describe('C12 names that are properties of JavaScript objects', () => {
  for (const namespace of INHERITED) {
    it(`C12 the namespace ${namespace} is treated like any other namespace`, async () => {
      const bad = pod({ containers: { web: BAD } }, { namespace });
      const other = await policyOf({ match: { namespaces: ['prod'] }, ...LATEST });
      assert.deepEqual(
        summarise(judge({ object: bad, namespace }, other)),
        ['admitted'],
        'not matched by another name',
      );
      const excluded = await policyOf({ exclude: { namespaces: ['prod'] }, ...LATEST });
      assert.deepEqual(
        summarise(judge({ object: bad, namespace }, excluded)),
        REFUSED,
        'not excluded by another name',
      );
      if (!/^[a-z]+$/.test(namespace)) return;
      const named = await policyOf({ match: { namespaces: [namespace] }, ...LATEST });
      assert.deepEqual(
        summarise(judge({ object: bad, namespace }, named)),
        REFUSED,
        'matched by its own name',
      );
      const free = await policyOf({ exclude: { namespaces: [namespace] }, ...LATEST });
      assert.deepEqual(
        summarise(judge({ object: bad, namespace }, free)),
        ['admitted'],
        'excluded by its own name',
      );
    });

    it(`C12 ${namespace} is treated like any other user, group, container, tag, repository and language`, async () => {
      const userInfo = { username: namespace, groups: [namespace] };
      const free = await policyOf({ exclude: { users: ['root'], groups: ['root'] }, ...LATEST });
      assert.deepEqual(summarise(judge({ object: BAD_POD, userInfo }, free)), REFUSED);
      const named = judge({ object: pod({ containers: { [`x-${namespace}`]: BAD } }) });
      assert.equal(named.violations[0]?.use?.container, `x-${namespace}`);
      const tagged = { object: pod({ containers: { web: `app:${namespace}` } }) };
      assert.deepEqual(summarise(judge(tagged)), ['admitted']);
      const allowed = await policyOf({ allowedTags: { tags: ['1.0'] } });
      assert.deepEqual(summarise(judge(tagged, allowed)), [
        'refused',
        'TAG_NOT_ALLOWED spec.containers[0].image web',
      ]);
      const speaking = await decodePolicy(defaultPolicyDocument([]), namespace);
      const [violation] = judge({ object: BAD_POD }, speaking).violations;
      assert.equal(violation?.message, 'Images using latest tag are not allowed');
    });
  }
});

describe('C17 every image needs its own permission', () => {
  const rule = { match: { images: ['registry.example.com/team/*'] }, ...LATEST };

  it('C17 one container that no rule selects refuses the pod, for any number of permitted ones', async () => {
    const policy = await decodePolicy(policyDocument([rule], 'Deny'));
    const images = { a: GOOD, b: 'ghcr.io/acme/app:1.0', c: GOOD };
    assert.deepEqual(summarise(judge({ object: pod({ containers: images }) }, policy)), [
      'refused',
      'UNMATCHED_IMAGE spec.containers[1].image b',
    ]);
    assert.deepEqual(summarise(judge({ object: pod({ containers: { a: GOOD, c: GOOD } }) }, policy)), [
      'admitted',
    ]);
  });

  it('C17 in every list of a pod', async () => {
    const policy = await decodePolicy(policyDocument([rule], 'Deny'));
    const stray = { stray: 'ghcr.io/acme/app:1.0' };
    for (const [images, field] of [
      [{ initContainers: stray }, 'spec.initContainers[0].image'],
      [{ ephemeralContainers: stray }, 'spec.ephemeralContainers[0].image'],
      [{ volumes: stray }, 'spec.volumes[0].image.reference'],
    ] as const) {
      assert.deepEqual(summarise(judge({ object: pod(images) }, policy)), [
        'refused',
        `UNMATCHED_IMAGE ${field} stray`,
      ]);
    }
  });

  it('C17 a rule that selects an image in another list does not permit it in this list', async () => {
    const policy = await decodePolicy(
      policyDocument(
        [{ match: { usages: ['initContainer'], images: ['registry.example.com/**'] }, ...LATEST }],
        'Deny',
      ),
    );
    const object = pod({ containers: { web: GOOD }, initContainers: { first: GOOD } });
    assert.deepEqual(summarise(judge({ object }, policy)), [
      'refused',
      'UNMATCHED_IMAGE spec.containers[0].image web',
    ]);
  });

  it('C17 a rule that excludes an image does not permit it', async () => {
    const policy = await decodePolicy(policyDocument([{ ...rule, exclude: { users: ['alice'] } }], 'Deny'));
    assert.deepEqual(summarise(judge({ object: pod() }, policy)), [
      'refused',
      'UNMATCHED_IMAGE spec.containers[0].image web',
    ]);
  });
});

it('C08 an image that no rule names is refused or allowed as `unmatchedImages` defines', async () => {
  const rules = [{ match: { images: ['ghcr.io/**'] }, ...LATEST }];
  const [deny, allow] = await Promise.all([
    decodePolicy(policyDocument(rules, 'Deny')),
    decodePolicy(policyDocument(rules, 'Allow')),
  ]);
  assert.deepEqual(summarise(judge({ object: pod() }, deny)), [
    'refused',
    'UNMATCHED_IMAGE spec.containers[0].image web',
  ]);
  assert.deepEqual(summarise(judge({ object: pod() }, allow)), ['admitted']);
});

it('C15 an image with a digest satisfies no rule about tags, with or without a tag beside it', async () => {
  const policy = await policyOf({ allowedTags: { pattern: 'v[0-9]+' } });
  const refused = ['refused', 'TAG_NOT_ALLOWED spec.containers[0].image web'];
  for (const [image, expected] of [
    ['app:v1', ['admitted']],
    ['app:v1x', refused],
    [`app@${DIGEST}`, refused],
    [`app:v1@${DIGEST}`, refused],
  ] as const) {
    assert.deepEqual(
      summarise(judge({ object: pod({ containers: { web: image } }) }, policy)),
      expected,
      image,
    );
  }
});
