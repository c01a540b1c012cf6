import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, pod } from '#test/pods.ts';
import { crafted, imageReviewOfImages, UID } from '#test/reviews.ts';
import { ask } from '#test/verdicts.ts';
import { isObject, type Fields } from '../document/json.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';

const NO_UID = 'the AdmissionReview has no request.uid to answer to';
const VERSIONS = 'an AdmissionReview is understood in admission.k8s.io/v1 and v1beta1';

describe('what is wrong with a body is said in a sentence', () => {
  for (const [document, code, message] of [
    [null, 'MALFORMED_REVIEW', 'the body is not an AdmissionReview object'],
    [[], 'MALFORMED_REVIEW', 'the body is not an AdmissionReview object'],
    [crafted({}, { kind: 'Pod' }), 'MALFORMED_REVIEW', 'the body is of another kind than AdmissionReview'],
    [crafted({}, { apiVersion: 'v1' }), 'UNSUPPORTED_VERSION', VERSIONS],
    [crafted({}, { apiVersion: `admission.k8s.io/${'v'.repeat(48)}` }), 'UNSUPPORTED_VERSION', VERSIONS],
    [crafted({ uid: '' }), 'MALFORMED_REVIEW', NO_UID],
    [crafted({ uid: 'x'.repeat(257) }), 'MALFORMED_REVIEW', NO_UID],
  ] as const) {
    it(`an AdmissionReview: ${code}, ${message}`, () => {
      assert.deepEqual(ask(admissionReview, document).body, { error: { code, message } });
    });
  }

  for (const [document, reason] of [
    [null, 'MALFORMED_REVIEW: the body is not an ImageReview object'],
    ['x', 'MALFORMED_REVIEW: the body is not an ImageReview object'],
    [{ kind: 'Pod' }, 'MALFORMED_REVIEW: the body is of another kind than ImageReview'],
    [
      { kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1' },
      'UNSUPPORTED_VERSION: an ImageReview is understood in imagepolicy.k8s.io/v1alpha1 only',
    ],
  ] as const) {
    it(`an ImageReview: ${reason}`, () => {
      const { status } = ask(imageReview, document).body;
      assert.deepEqual(status, { allowed: false, reason });
    });
  }

  it('A39 the longest version and the longest uid that are read are echoed', () => {
    const apiVersion = `admission.k8s.io/${'v'.repeat(47)}`;
    const { body } = ask(admissionReview, crafted({ uid: 'x'.repeat(256) }, { apiVersion }));
    assert.equal(body['apiVersion'], apiVersion);
    const { status } = body['response'] as { status: { message: string } };
    assert.match(status.message, new RegExp(`^${apiVersion} is a version that is not understood`));
    assert.equal((body['response'] as Fields)['uid'], 'x'.repeat(256));
  });

  it('the protocols have the names of their documents', () => {
    assert.deepEqual([admissionReview.name, imageReview.name], ['AdmissionReview', 'ImageReview']);
  });
});

describe('what a review tells beside the object', () => {
  const bad = pod({ containers: { web: BAD } });
  const reviewOf = (request: Fields) => admissionReview.open(crafted({ object: bad, ...request })).review;

  it('is the subresource, and none when it is left out', () => {
    assert.equal(reviewOf({ subResource: 'ephemeralcontainers' }).subresource, 'ephemeralcontainers');
    assert.equal(reviewOf({ subResource: undefined }).subresource, '');
  });

  it('is the user with the groups that are texts; a user without groups has none', () => {
    assert.deepEqual(reviewOf({ userInfo: { username: 'bob' } }).user, { username: 'bob', groups: [] });
    assert.deepEqual(reviewOf({ userInfo: { username: 'bob', groups: ['a', 7] } }).user?.groups, ['a']);
  });

  for (const userInfo of [
    undefined,
    null,
    'bob',
    ['bob'],
    { groups: [] },
    { username: 7 },
    { username: 'bob', groups: 'a' },
  ]) {
    it(`E17 is no user at all of ${JSON.stringify(userInfo) ?? 'nothing'}`, () => {
      assert.equal(reviewOf({ userInfo }).user, undefined);
    });
  }

  it('is the resource that was asked for, in its group', () => {
    const kind = { group: '', version: 'v1', kind: 'Widget' };
    const resource = { group: '', version: 'v1', resource: 'widgets' };
    assert.equal(reviewOf({ kind, resource }).resource, 'widgets');
    assert.equal(
      reviewOf({ kind, resource: { ...resource, group: 'example.com' } }).resource,
      'widgets.example.com',
    );
    assert.equal(reviewOf({ kind, resource: { version: 'v1', resource: 'widgets' } }).resource, 'widgets');
    for (const wrong of [undefined, 'widgets', { resource: 'widgets' }, { ...resource, resource: 7 }])
      assert.equal(reviewOf({ kind, resource: wrong }).resource, undefined);
  });

  it('is the name of the request before that of the object', () => {
    assert.equal(reviewOf({ name: 'asked' }).object, 'Pod asked');
    assert.equal(reviewOf({ name: '' }).object, 'Pod web');
  });

  it('A16 what cannot be read names its field', () => {
    const [request, containers] = [
      reviewOf({ kind: undefined }).subject,
      imageReview.open(imageReviewOfImages([])).review.subject,
    ];
    assert.ok(request.kind === 'unreadable' && containers.kind === 'unreadable');
    assert.deepEqual([request.field, containers.field], ['request', 'spec.containers']);
  });

  it('A20 an ImageReview is never a mirror pod, and of no template', () => {
    const { subject } = imageReview.open(imageReviewOfImages([BAD])).review;
    assert.ok(subject.kind === 'images' && !subject.mirrorPod && !subject.template);
  });

  it('is answered with the uid that came, and nothing that is not asked for', () => {
    const { response } = ask(admissionReview, crafted({ object: pod() })).body;
    assert.ok(isObject(response));
    assert.deepEqual(response, { uid: UID, allowed: true });
  });
});
