import type { ProtocolName } from '../admission/exchange.ts';
import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import type { Stage } from '../policy/stage.ts';

/** A review without its object, which may be large and is not logged. */
export type ReviewSummary = Omit<Review, 'subject'>;

/** One decided review: the value that the log and the metrics are written from. */
export interface Outcome {
  /** When it was answered. */
  readonly at: Date;
  readonly review: ReviewSummary;
  /** The decision before the stage was applied. */
  readonly decision: Decision;
  readonly protocol: ProtocolName;
  /** From the head of the request to the answer. */
  readonly durationMs: number;
  readonly stage: Stage;
}

/** Copies a review without its object. Outcomes wait in batches, and sixteen large objects would take too much memory. */
export function summaryOf(review: ReviewSummary): ReviewSummary {
  const { uid, operation, dryRun, user, namespace, resource, subresource, object } = review;
  return { uid, operation, dryRun, user, namespace, resource, subresource, object };
}
