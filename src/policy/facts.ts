import type { Review } from './review.ts';

/** What rules may need to know beyond the text of a reference. None of today's rules needs any. */
export interface Facts {
  /** Labels of the namespace of the request. */
  readonly namespaceLabels?: ReadonlyMap<string, string>;
  /** Canonical name of an image → digest that its registry gave, once for the whole review. */
  readonly digests?: ReadonlyMap<string, string>;
}

export type FactName = keyof Facts;

/**
 * Finds out facts for one review, before it is judged. It may fail: then the review is refused. It must stop
 * when the signal says that time is up.
 */
export type GatherFacts = (
  names: ReadonlySet<FactName>,
  review: Review,
  signal: AbortSignal,
) => Promise<Facts>;

/** The facts of a policy that needs none. */
export const NO_FACTS: Facts = Object.freeze({});
