import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, pod } from '#test/pods.ts';
import { crafted, imageReviewOfImages, UID } from '#test/reviews.ts';
import { ask } from '#test/verdicts.ts';
import { isObject, type Fields } from '../document/json.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';

const NO_UID = 'the AdmissionReview has no request.uid, so it cannot be answered';
const VERSIONS = 'an AdmissionReview must have the version admission.k8s.io/v1 or v1beta1';

describe('an invalid body is explained in a sentence', () => {
  for (const [document, code, message] of [
    [null, 'MALFORMED_REVIEW', 'the body is not an AdmissionReview object'],
    [[], 'MALFORMED_REVIEW', 'the body is not an AdmissionReview object'],
    [crafted({}, { kind: 'Pod' }), 'MALFORMED_REVIEW', 'the kind of the body is not AdmissionReview'],
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
    [{ kind: 'Pod' }, 'MALFORMED_REVIEW: the kind of the body is not ImageReview'],
    [
      { kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1' },
      'UNSUPPORTED_VERSION: an ImageReview must have the version imagepolicy.k8s.io/v1alpha1',
    ],
  ] as const) {
    it(`an ImageReview: ${reason}`, () => {
      const { status } = ask(imageReview, document).body;
      assert.deepEqual(status, { allowed: false, reason });
    });
  }

  it('A39 the longest accepted version and uid are echoed', () => {
    const apiVersion = `admission.k8s.io/${'v'.repeat(47)}`;
    const { body } = ask(admissionReview, crafted({ uid: 'x'.repeat(256) }, { apiVersion }));
    assert.equal(body['apiVersion'], apiVersion);
    const { status } = body['response'] as { status: { message: string } };
    assert.match(status.message, new RegExp(`^version ${apiVersion} is not supported`));
    assert.equal((body['response'] as Fields)['uid'], 'x'.repeat(256));
  });

  it('the protocols have the names of their documents', () => {
    assert.deepEqual([admissionReview.name, imageReview.name], ['AdmissionReview', 'ImageReview']);
  });
});

describe('the fields of a review beside the object', () => {
  const bad = pod({ containers: { web: BAD } });
  const reviewOf = (request: Fields) => admissionReview.open(crafted({ object: bad, ...request })).review;

  it('contain the subresource, or none if it is missing', () => {
    assert.equal(reviewOf({ subResource: 'ephemeralcontainers' }).subresource, 'ephemeralcontainers');
    assert.equal(reviewOf({ subResource: undefined }).subresource, '');
  });

  it('contain the user with the groups that are texts; a user without groups has none', () => {
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
    it(`E17 contain no user for ${JSON.stringify(userInfo) ?? 'nothing'}`, () => {
      assert.equal(reviewOf({ userInfo }).user, undefined);
    });
  }

  it('contain the requested resource with its group', () => {
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

  it('contain the name in the request before that in the object', () => {
    assert.equal(reviewOf({ name: 'asked' }).object, 'Pod asked');
    assert.equal(reviewOf({ name: '' }).object, 'Pod web');
  });

  it('A16 contain the field that cannot be read', () => {
    const subjects = [
      reviewOf({ kind: undefined }).subject,
      imageReview.open({ ...imageReviewOfImages([]), spec: null }).review.subject,
      imageReview.open({ ...imageReviewOfImages([]), spec: { containers: {} } }).review.subject,
    ];
    const fields = subjects.map((subject) => (subject.kind === 'unreadable' ? subject.field : subject.kind));
    assert.deepEqual(fields, ['request', 'spec', 'spec.containers']);
  });

  it('A20 of an ImageReview never describe a mirror pod or a template', () => {
    const { subject } = imageReview.open(imageReviewOfImages([BAD])).review;
    assert.ok(subject.kind === 'images' && !subject.mirrorPod && !subject.template);
  });

  it('are answered with the same uid, and nothing else', () => {
    const { response } = ask(admissionReview, crafted({ object: pod() })).body;
    assert.ok(isObject(response));
    assert.deepEqual(response, { uid: UID, allowed: true });
  });
});
