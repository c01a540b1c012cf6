import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phrase } from '../language/phrase.ts';
import { BAD, GOOD } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { imageReviewOfImages } from '#test/reviews.ts';
import { ask, decide, summarise } from '#test/verdicts.ts';
import { isObject, type Fields } from '../document/json.ts';
import { MalformedReviewError, type MalformedReviewCode } from './exchange.ts';
import { imageReview } from '#test/protocols.ts';

const ENVELOPE = { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview' };

/** The status of the answer, after a check of its envelope. */
function statusOf(document: unknown, policy?: Parameters<typeof ask>[2]): Fields {
  const { status, body } = ask(imageReview, document, policy);
  assert.equal(status, 200, 'any other status leaves the verdict to defaultAllow');
  const { apiVersion, kind, status: verdict, ...others } = body;
  assert.deepEqual([{ apiVersion, kind }, others], [ENVELOPE, {}], 'nothing but the status is answered');
  assert.ok(isObject(verdict) && typeof verdict['allowed'] === 'boolean');
  return verdict;
}

function withSpec(spec: unknown): Fields {
  return { ...imageReviewOfImages([GOOD]), spec };
}

describe('an ImageReview', () => {
  it('with good images is allowed without a reason', () => {
    assert.deepEqual(statusOf(imageReviewOfImages([GOOD, GOOD])), { allowed: true });
  });

  it('with a bad image is refused, and the reason contains the image and no field', () => {
    const { allowed, reason, ...others } = statusOf(imageReviewOfImages([GOOD, BAD]));
    assert.deepEqual([allowed, others], [false, {}]);
    assert.equal(
      reason,
      `Images using latest tag are not allowed: ${BAD}: tag "latest" is not allowed [rule no-latest]; name a fixed version or a digest`,
    );
  });

  it('is judged for all images, and all violations are reported', () => {
    const { review } = imageReview.open(imageReviewOfImages([BAD, GOOD, 'nginx', '']));
    assert.deepEqual(summarise(decide(review)), [
      'refused',
      'DISALLOWED_TAG - -',
      'DISALLOWED_TAG - -',
      'INVALID_REFERENCE - -',
    ]);
  });

  it('contains a namespace and the resource pods, and nothing else', () => {
    const { review } = imageReview.open(imageReviewOfImages([GOOD], 'team-b'));
    const { subject, ...facts } = review;
    assert.equal(subject.kind, 'images');
    const unknown = {
      uid: undefined,
      operation: undefined,
      dryRun: undefined,
      user: undefined,
      subresource: undefined,
      object: undefined,
    };
    assert.deepEqual(facts, { ...unknown, namespace: 'team-b', resource: 'pods' });
    assert.equal(imageReview.open(withSpec({ namespace: 1 })).review.namespace, undefined);
  });

  it('is not admitted because of annotations, a status or unknown fields of the requester', () => {
    const annotations = {
      'x.image-policy.k8s.io/break-glass': 'true',
      'alpha.image-policy.k8s.io/failed-open': 'true',
    };
    const spec = {
      containers: [{ image: BAD, name: 'web', allowed: true }],
      annotations,
      namespace: 'team-a',
      allowed: true,
    };
    const document = { ...withSpec(spec), status: { allowed: true } };
    assert.equal(statusOf(document)['allowed'], false);
  });

  it('has no warnings: violations that warn or audit become audit annotations', async () => {
    const policy = await policyOf(
      { disallowedTags: { tags: ['latest'] }, validationActions: ['Warn'] },
      { requiredDigest: {}, validationActions: ['Audit'] },
    );
    const { allowed, auditAnnotations, ...others } = statusOf(imageReviewOfImages([BAD]), policy);
    assert.deepEqual([allowed, others], [true, {}]);
    assert.ok(isObject(auditAnnotations));
    assert.deepEqual(Object.keys(auditAnnotations), ['policy', 'violations', 'warnings']);
    assert.match(String(auditAnnotations['policy']), /^test\/[0-9a-f]{12}$/);
    assert.match(String(auditAnnotations['violations']), /pinned by a digest \[rule rule-2\]/);
    assert.match(String(auditAnnotations['warnings']), /tag "latest" is not allowed \[rule rule-1\]/);
  });
});

describe('an ImageReview as its client writes it, without empty fields', () => {
  const WITHOUT_CONTAINERS = [
    {},
    { namespace: 'team-a' },
    { namespace: 'team-a', annotations: { 'x.image-policy.k8s.io/a': 'b' } },
    { containers: null, namespace: 'team-a' },
    { containers: [], namespace: 'team-a' },
  ];
  for (const spec of WITHOUT_CONTAINERS) {
    it(`X14 ${JSON.stringify(spec)} has nothing to judge and is admitted`, async () => {
      const strict = await policyOf({ requiredDigest: {} });
      for (const policy of [undefined, strict])
        assert.deepEqual(statusOf(withSpec(spec), policy), { allowed: true });
    });
  }

  it('X14 an image that is left out is empty, and an empty image is refused', () => {
    const empty = statusOf(withSpec({ containers: [{ image: '' }] }));
    assert.match(String(empty['reason']), /the reference is empty/);
    for (const container of [{}, { image: null }])
      assert.deepEqual(statusOf(withSpec({ containers: [{ image: GOOD }, container] })), empty);
  });
});

describe('an ImageReview that cannot be read is refused, with status 200', () => {
  const SPECS: readonly (readonly [spec: unknown, says: string])[] = [
    [null, 'spec is not an object'],
    [undefined, 'spec is not an object'],
    [[], 'spec is not an object'],
    ['x', 'spec is not an object'],
    [{ containers: {} }, 'spec.containers is not a list'],
    [{ containers: '' }, 'spec.containers is not a list'],
    [{ containers: false }, 'spec.containers is not a list'],
    [{ containers: [null] }, 'spec.containers[0].image is not a string'],
    [{ containers: ['nginx:1'] }, 'spec.containers[0].image is not a string'],
    [{ containers: [{ image: GOOD }, { image: 1 }] }, 'spec.containers[1].image is not a string'],
    [{ containers: [{ image: [GOOD] }] }, 'spec.containers[0].image is not a string'],
  ];
  for (const [spec, says] of SPECS) {
    it(`A16 spec ${JSON.stringify(spec) ?? 'missing'}: ${says}`, () => {
      const { allowed, reason } = statusOf(withSpec(spec));
      assert.deepEqual([allowed, reason], [false, `${says} [MALFORMED_OBJECT]; send the images of the pod`]);
    });
  }

  it('F19 five hundred images are judged, one more and ten thousand are refused in less than a second', () => {
    assert.deepEqual(statusOf(imageReviewOfImages(Array<string>(500).fill(GOOD))), { allowed: true });
    for (const count of [501, 10_000]) {
      const document = imageReviewOfImages(Array<string>(count).fill(GOOD));
      const started = performance.now();
      const { allowed, reason } = statusOf(document);
      assert.ok(performance.now() - started < 1000);
      assert.equal(allowed, false);
      assert.match(String(reason), new RegExp(`^spec.containers has ${count} images; .*TOO_MANY_IMAGES`));
    }
  });

  const DOCUMENTS: readonly (readonly [document: unknown, code: MalformedReviewCode])[] = [
    [null, 'MALFORMED_REVIEW'],
    [[], 'MALFORMED_REVIEW'],
    ['x', 'MALFORMED_REVIEW'],
    [{}, 'MALFORMED_REVIEW'],
    [{ ...withSpec({}), kind: 'AdmissionReview' }, 'MALFORMED_REVIEW'],
    [{ ...withSpec({}), kind: 'imageReview' }, 'MALFORMED_REVIEW'],
    [{ ...withSpec({}), apiVersion: 'imagepolicy.k8s.io/v1' }, 'UNSUPPORTED_VERSION'],
    [{ ...withSpec({}), apiVersion: undefined }, 'UNSUPPORTED_VERSION'],
  ];
  for (const [document, code] of DOCUMENTS) {
    it(`${(JSON.stringify(document) ?? '').slice(0, 60)}: ${code}`, () => {
      assert.throws(() => imageReview.open(document), { name: 'MalformedReviewError', code });
      const { allowed, reason } = statusOf(document);
      assert.equal(allowed, false);
      assert.ok(String(reason).startsWith(`${code}: `));
    });
  }

  it('a body that is not JSON is refused as well', () => {
    for (const code of ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) {
      const { status, body } = imageReview.reject(
        new MalformedReviewError(code, phrase('MALFORMED_JSON.json')),
      );
      assert.deepEqual(
        [status, JSON.parse(body)],
        [200, { ...ENVELOPE, status: { allowed: false, reason: `${code}: the body is not JSON` } }],
      );
    }
  });
});
