import type { Decision } from './policy/decision.ts';
import type { Review } from './policy/review.ts';

/** The core: the one place where a verdict is reached. */
export interface Bouncer {
  /**
   * Answers before `budgetMs` have passed and never throws or rejects: what cannot be decided is a decision
   * whose outcome is `failed`, which refuses. Synchronous unless a rule of the policy needs facts.
   */
  decide(review: Review, budgetMs: number): Decision | Promise<Decision>;
}
