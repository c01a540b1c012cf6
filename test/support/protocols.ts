import { admissionReviewIn } from '../../src/admission/admission-review.ts';
import { imageReviewIn } from '../../src/admission/image-review.ts';
import { ENGLISH_CATALOGUE } from '../../src/language/catalogue.ts';

/** Both protocols, with their messages in English. */
export const admissionReview = admissionReviewIn(ENGLISH_CATALOGUE);
export const imageReview = imageReviewIn(ENGLISH_CATALOGUE);
