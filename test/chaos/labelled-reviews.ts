import type { Case } from '../oracle/case.ts';
import { drawCase, POLICIES } from '../oracle/generator.ts';
import type { KubernetesObject } from '../support/pods.ts';
import { admissionReviewOf, imageReviewOfImages, UID } from '../support/reviews.ts';

/** The expected verdict of a review. It is drawn before the review is built, and the gate never receives it. */
export type Truth = 'good' | 'bad';

/** A review with a known verdict, in the form in which it is sent. */
export interface LabelledReview {
  readonly truth: Truth;
  /** The path without a query. */
  readonly path: string;
  readonly body: Buffer;
  /** The oracle's data of the review. */
  readonly testCase: Case;
}

/** No image may use the tag `latest`. A gate without a policy enforces the same. */
const [POLICY] = POLICIES;

/**
 * Reviews of both protocols from the oracle, with the policy that no image may use the tag `latest`. `weightBytes` is
 * the size of additional content.
 */
export function labelledReviews(seed: number, count: number, weightBytes = 0): readonly LabelledReview[] {
  const reviews: LabelledReview[] = [];
  for (let index = 0; reviews.length < count; index += 1) {
    const testCase = drawCase(seed, index * POLICIES.length);
    // A request without a uid is no review.
    if (testCase.expected !== 'reject')
      reviews.push(labelled(testCase, weighted(testCase.body, weightBytes)));
  }
  return reviews;
}

/** An `AdmissionReview` of an object whose truth is known. */
export function admissionReviewFor(truth: Truth, object: KubernetesObject): LabelledReview {
  const facts = { protocol: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', uid: UID } as const;
  return byHand(truth, '/validate', admissionReviewOf({ object }), facts);
}

/** An `ImageReview` of images whose truth is known. */
export function imageReviewFor(truth: Truth, images: readonly string[]): LabelledReview {
  const facts = {
    protocol: 'ImageReview',
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    uid: undefined,
  } as const;
  return byHand(truth, '/image_policy', imageReviewOfImages(images), facts);
}

function byHand(
  truth: Truth,
  target: string,
  document: object,
  facts: Pick<Case, 'protocol' | 'apiVersion' | 'uid'>,
): LabelledReview {
  if (POLICY === undefined) throw new TypeError('the oracle has no policy');
  const body = Buffer.from(JSON.stringify(document));
  const expected = truth === 'good' ? 'admit' : 'refuse';
  const drawn = {
    index: 0,
    policy: POLICY,
    family: 'by hand',
    truth,
    expected,
    recorded: 'decision',
  } as const;
  const rest = { warns: undefined, stage: 'deny', target, timeoutMs: Infinity, facets: [] } as const;
  return labelled({ ...drawn, ...facts, ...rest, body }, body);
}

/** At stages below `deny` a bad object is admitted. Therefore it counts as good here. */
function labelled(testCase: Case, body: Buffer): LabelledReview {
  const [path = ''] = testCase.target.split('?', 1);
  // The harness chooses the timeout and judges late answers.
  const patient = { ...testCase, body, timeoutMs: Infinity };
  return { truth: testCase.expected === 'admit' ? 'good' : 'bad', path, body, testCase: patient };
}

/**
 * The same review for an object with a history. A document that does not have the form of the API server stays
 * unchanged.
 */
function weighted(body: Buffer, bytes: number): Buffer {
  if (bytes === 0) return body;
  const text = body.toString();
  try {
    const document = JSON.parse(text) as { request?: { object?: object } };
    const object = document.request?.object;
    if (JSON.stringify(document) !== text.trimEnd() || !object) return body;
    const request = { ...document.request, object: { ...object, history: history(bytes) } };
    return Buffer.from(JSON.stringify({ ...document, request }));
  } catch {
    // The nesting is too deep for JSON.stringify.
    return body;
  }
}

/** Managed fields as the API server writes them: many small keys. */
function history(bytes: number): object {
  const keys = Array.from({ length: bytes / 32 }, (_, index) => [`f:field-of-an-object-${index}`, {}]);
  return Object.fromEntries(keys);
}
