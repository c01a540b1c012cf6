import { createRandom, type Random } from '../fuzz/random.ts';
import { deployment, pod, type KubernetesObject, type PodImages } from '../support/pods.ts';
import { admissionReviewOf, imageReviewOf, UID } from '../support/reviews.ts';

/** What a review is, drawn before it was built. The gate never sees it. */
export type Truth = 'good' | 'bad';

/** A review whose verdict is known, as it goes over the wire. */
export interface LabelledReview {
  readonly truth: Truth;
  readonly path: '/validate' | '/image_policy';
  readonly body: Buffer;
}

/** Lists of a pod in which an image may stand; `ImageReview` is sent the first two only. */
const PLACES = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'] as const;
const SEEN_BY_IMAGE_REVIEW = 2;

/**
 * Reviews of both protocols under the policy that no image may use the tag `latest`; a third is bad. `weightBytes` is
 * what objects hold besides.
 */
export function labelledReviews(seed: number, count: number, weightBytes = 0): readonly LabelledReview[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => labelledReview(random, index, weightBytes));
}

/** One more; `index` makes its images unlike those of every other. */
export function labelledReview(random: Random, index: number, weightBytes = 0): LabelledReview {
  const truth = random.chance(1 / 3) ? 'bad' : 'good';
  const asImageReview = random.chance(0.3);
  const spot = random.below(asImageReview ? SEEN_BY_IMAGE_REVIEW : PLACES.length);
  const images: PodImages = Object.fromEntries(
    PLACES.slice(0, Math.max(spot + 1, SEEN_BY_IMAGE_REVIEW)).map((place, at) => [
      place,
      { [`c${at}`]: truth === 'bad' && at === spot ? badImage(random, index) : goodImage(random, index) },
    ]),
  );
  // A pod can be asked about by both protocols.
  if (asImageReview) return rendered(truth, '/image_policy', imageReviewOf({ object: pod(images) }));
  const plain = random.chance(0.7) ? pod(images) : deployment(images);
  const object = weightBytes === 0 ? plain : { ...plain, status: ballast(weightBytes) };
  return admissionReviewFor(truth, object, random.chance(0.2) ? 'v1beta1' : 'v1');
}

/** An `AdmissionReview` of an object whose truth is known. */
export function admissionReviewFor(
  truth: Truth,
  object: KubernetesObject,
  version: 'v1' | 'v1beta1' = 'v1',
): LabelledReview {
  return rendered(truth, '/validate', admissionReviewOf({ object }, version));
}

/** What is wrong with the form of an answer; its verdict and the code that a failure begins with otherwise. */
export function readAnswer(
  { path, body: question }: LabelledReview,
  body: string,
): string | { readonly allowed: boolean; readonly message: string } {
  try {
    const answer = JSON.parse(body) as {
      apiVersion?: string;
      kind?: string;
      response?: { uid?: string; allowed?: boolean; status?: { code?: number; message?: string } };
      status?: { allowed?: boolean; reason?: string };
    };
    const admission = path === '/validate';
    const said = admission ? answer.response : answer.status;
    const message = admission ? answer.response?.status?.message : answer.status?.reason;
    if (answer.kind !== (admission ? 'AdmissionReview' : 'ImageReview')) return `kind ${answer.kind}`;
    if (!question.includes(`"apiVersion":"${answer.apiVersion}"`)) return `apiVersion ${answer.apiVersion}`;
    if (admission && answer.response?.uid !== UID) return `uid ${answer.response?.uid}`;
    if (typeof said?.allowed !== 'boolean') return 'no verdict';
    if (!said.allowed && (message ?? '') === '') return 'a denial without a reason';
    if (admission && !said.allowed && answer.response?.status?.code !== 403)
      return 'a denial without code 403';
    return { allowed: said.allowed, message: message ?? '' };
  } catch {
    return 'not JSON';
  }
}

function rendered(truth: Truth, path: LabelledReview['path'], document: unknown): LabelledReview {
  return { truth, path, body: Buffer.from(JSON.stringify(document)) };
}

function goodImage(random: Random, index: number): string {
  const name = `registry-${random.below(20)}.example.com/team/app-${index}`;
  const digest = `sha256:${random
    .below(2 ** 31)
    .toString(16)
    .padStart(64, '0')}`;
  return random.pick([
    `${name}:1.${random.below(100)}`,
    `${name}@${digest}`,
    // With a digest the tag is decoration.
    `${name}:latest@${digest}`,
    `nginx:1.${index}`,
  ]);
}

function badImage(random: Random, index: number): string {
  const name = `registry-${random.below(20)}.example.com/team/app-${index}`;
  return random.pick([`${name}:latest`, name, 'nginx', `${name}:lat est`, 'docker.io/library/nginx:latest']);
}

/** As the API server notes who owns which field: many small keys. */
function ballast(bytes: number): object {
  const keys = Array.from({ length: bytes / 32 }, (_, index) => [`f:field-of-an-object-${index}`, {}]);
  return Object.fromEntries(keys);
}
