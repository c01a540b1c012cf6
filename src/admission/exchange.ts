import { inEnglish } from '../language/catalogue.ts';
import type { Phrase } from '../language/phrase.ts';
import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';

/** A reply in the protocol that asked: HTTP status and a JSON document. */
export interface Answer {
  readonly status: 200 | 400 | 413 | 415;
  readonly body: string;
}

/** One request and the only way to answer it: uid and version live in the closure and cannot be forgotten. */
export interface ReviewExchange {
  readonly review: Review;
  respond(decision: Decision): Answer;
}

export type MalformedReviewCode =
  | 'MALFORMED_JSON'
  | 'MALFORMED_REVIEW'
  | 'UNSUPPORTED_VERSION'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'BODY_TOO_LARGE';

/** A body that is no review, or one without a uid to answer to. */
export class MalformedReviewError extends Error {
  override readonly name = 'MalformedReviewError';
  readonly code: MalformedReviewCode;
  /** What is wrong, for the sender. */
  readonly reason: Phrase;

  constructor(code: MalformedReviewCode, reason: Phrase, options?: ErrorOptions) {
    super(inEnglish(reason), options);
    this.code = code;
    this.reason = reason;
  }
}

/** A wire protocol: how its documents are opened, and how it refuses what cannot be opened. */
export interface ReviewProtocol {
  readonly name: 'ImageReview' | 'AdmissionReview';
  /** @throws {MalformedReviewError} when the document is not one of this protocol, or has no uid to answer to. */
  readonly open: (document: unknown) => ReviewExchange;
  /** How to refuse a body that nobody reads, by its first bytes; `undefined` when these do not say whom to answer. */
  readonly glimpse: (head: Buffer) => ReviewExchange['respond'] | undefined;
  /** A refusal of a body that could not be opened: 200 for an `ImageReview`; 400, 413 or 415 for an `AdmissionReview`. */
  readonly reject: (error: MalformedReviewError) => Answer;
}
