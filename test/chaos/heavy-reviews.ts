import type { Random } from '../fuzz/random.ts';
import { BAD, GOOD, pod } from '../support/pods.ts';
import { admissionReviewFor, imageReviewFor, type LabelledReview, type Truth } from './labelled-reviews.ts';

/** The reason why a review is expensive. */
export type Weight =
  /** 480,000 small objects, which take much time and memory to parse. */
  | 'objects'
  /** One long text. */
  | 'text'
  /** The maximum number of images, all different. */
  | 'images';

const BODY_BYTES = 7 * 1024 * 1024;
/** Bytes for the rest of the review. */
const ROOM_BYTES = 4096;
const OBJECTS = 480_000;
const MAX_IMAGES = 500;

/** The largest legal review of its weight, good or bad. `salt` makes its images new. */
function heavyReview(weight: Weight, truth: Truth, salt: number): LabelledReview {
  switch (weight) {
    case 'objects':
      return admissionReviewFor(truth, { ...podOf(truth), status: { conditions: smallObjects() } });
    case 'text': {
      const note = 'x'.repeat(BODY_BYTES - ROOM_BYTES);
      return admissionReviewFor(truth, { ...podOf(truth), status: { message: note } });
    }
    case 'images': {
      const images = Array.from(
        { length: MAX_IMAGES },
        (_, index) => `registry.example.com/${'long/'.repeat(30)}app-${salt}-${index}:1.0`,
      );
      if (truth === 'bad') images[MAX_IMAGES - 1] = `registry.example.com/app-${salt}:latest`;
      return imageReviewFor(truth, images);
    }
  }
}

/** A good and a bad review of each weight. Bodies of seven megabytes are built once, not for every request. */
export function heavyReviews(
  weights: readonly [Weight, ...Weight[]],
  random: Random,
): (number: number) => LabelledReview {
  const kept = weights
    .filter((weight) => weight !== 'images')
    .flatMap((weight) => (['good', 'bad'] as const).map((truth) => heavyReview(weight, truth, 0)));
  return (number) => {
    const review = kept[random.below(kept.length)];
    if (review !== undefined && (random.chance(0.7) || !weights.includes('images'))) return review;
    return heavyReview('images', random.chance(0.5) ? 'bad' : 'good', number);
  };
}

function podOf(truth: Truth) {
  return pod({ containers: { web: truth === 'bad' ? BAD : GOOD } });
}

function smallObjects(): object[] {
  const bytes = Math.floor((BODY_BYTES - ROOM_BYTES) / OBJECTS);
  // `{"a":"…"},` has nine characters and the text.
  return Array.from({ length: OBJECTS }, () => ({ a: 'x'.repeat(bytes - 9) }));
}
