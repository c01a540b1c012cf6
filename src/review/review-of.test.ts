import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod } from '#test/pods.ts';
import { NO_LATEST } from '#test/policies.ts';
import { decide, summarise } from '#test/verdicts.ts';
import { reviewOfImage, reviewOfObject } from './review-of.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', object: pod() };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', object: { metadata: { name: 'web' } } };

describe('the review of an object without a request', () => {
  it('is a creation of the object, with its resource and without a user', () => {
    const review = reviewOfObject(DEPLOYMENT, NO_LATEST);
    assert.deepEqual(
      [review.operation, review.resource, review.object, review.user],
      ['CREATE', 'deployments.apps', 'Deployment web', undefined],
    );
    assert.equal(review.subject.kind, 'unread');
    if (review.subject.kind !== 'unread') return;
    const { group, version, object } = review.subject.reviewed;
    assert.deepEqual([group, version, object], ['apps', 'v1', DEPLOYMENT.object]);
  });

  it('has the namespace of the object, and otherwise the default', () => {
    const object = { metadata: { name: 'web', namespace: 'own' } };
    assert.equal(reviewOfObject({ ...DEPLOYMENT, object, namespace: 'given' }, NO_LATEST).namespace, 'own');
    assert.equal(reviewOfObject({ ...DEPLOYMENT, namespace: 'given' }, NO_LATEST).namespace, 'given');
    assert.equal(reviewOfObject(DEPLOYMENT, NO_LATEST).namespace, undefined);
  });

  it('shows generateName if there is no name, and only the kind if both are missing', () => {
    const shown = (metadata: object): string | undefined =>
      reviewOfObject({ ...DEPLOYMENT, object: { metadata } }, NO_LATEST).object;
    assert.deepEqual([shown({ generateName: 'web-' }), shown({})], ['Deployment web-', 'Deployment']);
  });

  for (const none of ['', null]) {
    it(`X09 takes ${JSON.stringify(none)} for a missing name and for a missing namespace`, () => {
      const metadata = { name: none, generateName: 'web-', namespace: none };
      const review = reviewOfObject(
        { ...POD, object: { ...POD.object, metadata }, namespace: 'given' },
        NO_LATEST,
      );
      assert.deepEqual([review.object, review.namespace], ['Pod web-', 'given']);
      assert.deepEqual(summarise(decide(review)), ['admitted']);
    });
  }

  it('has no resource if the policy does not contain the kind', () => {
    const review = reviewOfObject({ apiVersion: 'example.com/v1', kind: 'Widget', object: {} }, NO_LATEST);
    assert.deepEqual([review.resource, review.object], [undefined, 'Widget']);
  });
});

it('the review of an image contains only the image', () => {
  const { subject, namespace, operation } = reviewOfImage('nginx');
  assert.deepEqual([namespace, operation], [undefined, undefined]);
  assert.ok(subject.kind === 'images');
  assert.deepEqual(
    subject.changed.map(({ image }) => image),
    ['nginx'],
  );
});
