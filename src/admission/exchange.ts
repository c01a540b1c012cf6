import { CodedError } from '../coded-error.ts';
import { inEnglish } from '../language/catalogue.ts';
import type { Phrase } from '../language/phrase.ts';
import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';

/** A response in the protocol of the request: HTTP status and JSON document. */
export interface Answer {
  readonly status: 200 | 400 | 413 | 415;
  readonly body: string;
}

/** One review, and the only way to answer it. */
export interface ReviewExchange {
  readonly review: Review;
  /** Keeps the uid and version of the request, and not its object: many reviews may wait for answers at the same time. */
  readonly respond: (decision: Decision) => Answer;
}

export type MalformedReviewCode =
  | 'MALFORMED_JSON'
  | 'MALFORMED_REVIEW'
  | 'UNSUPPORTED_VERSION'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'BODY_TOO_LARGE';

/** A body that is no review, or a review without a uid. */
export class MalformedReviewError extends CodedError<MalformedReviewCode> {
  override readonly name = 'MalformedReviewError';
  /** Explanation for the sender. */
  readonly reason: Phrase;

  constructor(code: MalformedReviewCode, reason: Phrase, options?: ErrorOptions) {
    super(code, inEnglish(reason), options);
    this.reason = reason;
  }
}

/** The names of the protocols, in log lines and labels. */
export const PROTOCOL_NAMES = ['ImageReview', 'AdmissionReview'] as const;

export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** A wire protocol: opens its documents, and refuses a body that it cannot open. */
export interface ReviewProtocol {
  readonly name: ProtocolName;
  /** @throws {MalformedReviewError} if the document is not of this protocol, or has no uid */
  readonly open: (document: unknown) => ReviewExchange;
  /** Answers a review without parsing it, by the uid in its first bytes; `undefined` if they contain none. */
  readonly respondFromHead: (head: Buffer) => ReviewExchange['respond'] | undefined;
  /** Refuses a body that cannot be opened: status 200 for an `ImageReview`; 400, 413 or 415 for an `AdmissionReview`. */
  readonly reject: (error: MalformedReviewError) => Answer;
}
