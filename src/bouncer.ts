import type { Decision } from './policy/decision.ts';
import { evaluate } from './policy/evaluate.ts';
import { NO_FACTS, type GatherFacts } from './policy/facts.ts';
import { failed } from './policy/failure.ts';
import type { Policy } from './policy/policy.ts';
import type { Review } from './policy/review.ts';

/** The core: the one place where a verdict is reached. */
export interface Bouncer {
  /**
   * Answers before `budgetMs` have passed and never throws or rejects: what cannot be decided is a decision
   * whose outcome is `failed`, which refuses. Synchronous unless a rule of the policy needs facts.
   */
  decide(review: Review, budgetMs: number): Decision | Promise<Decision>;
}

export interface BouncerOptions {
  /** The policy in force; asked once a review, so that a reload never splits one. */
  readonly policies: { current(): Policy | undefined };
  /** Finds out what rules need to know. Without it a policy that needs facts refuses everything. */
  readonly gather?: GatherFacts;
  /** Told what went wrong inside; the requester is not. */
  readonly onFailure?: (error: unknown) => void;
}

/** A bouncer at the door: gathers what the policy needs, then judges. */
export function createBouncer({ policies, gather, onFailure }: BouncerOptions): Bouncer {
  const refuse = (error: unknown): Decision => {
    if (error instanceof OutOfTimeError) return failed('DEADLINE');
    try {
      onFailure?.(error);
    } catch {
      // A log that fails must not take the answer with it.
    }
    return failed('INTERNAL');
  };
  return {
    decide(review, budgetMs) {
      try {
        const policy = policies.current();
        if (policy === undefined) return failed('NO_POLICY');
        if (budgetMs <= 0) throw new OutOfTimeError();
        if (policy.facts.size === 0) return evaluate(policy, review, NO_FACTS);
        if (gather === undefined)
          throw new TypeError(`policy ${policy.name} needs facts that nobody can gather`);
        return gatherThenEvaluate(policy, review, gather, budgetMs).catch(refuse);
      } catch (error) {
        return refuse(error);
      }
    },
  };
}

/** The verdict could not be reached within the caller's time. */
class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

async function gatherThenEvaluate(
  policy: Policy,
  review: Review,
  gather: GatherFacts,
  budgetMs: number,
): Promise<Decision> {
  const abort = new AbortController();
  // A cancelled timer costs nothing; AbortSignal.timeout() would keep one alive for every review.
  const { promise: outOfTime, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new OutOfTimeError();
    // Before the signal, whose listeners may reject first and would hide that time is what was lacking.
    reject(error);
    abort.abort(error);
  }, budgetMs);
  try {
    const facts = await Promise.race([gather(policy.facts, review, abort.signal), outOfTime]);
    return evaluate(policy, review, facts);
  } finally {
    clearTimeout(timer);
  }
}
