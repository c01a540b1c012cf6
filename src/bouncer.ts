import { type Decision, failed } from './policy/decision.ts';
import { judge } from './policy/judge.ts';
import type { Policy } from './policy/policy.ts';
import type { Review } from './policy/review.ts';
import { settle, type OpenReview } from './policy/settle.ts';
import type { Asker, TimedQuestion } from './question/asker.ts';
import { unavailable } from './question/question.ts';
import { readSubject } from './workload/subject.ts';

/** The core: the one place where a verdict is reached. */
export interface Bouncer {
  /**
   * Answers before `budgetMs` have passed and never throws or rejects: what cannot be decided is a decision
   * whose outcome is `failed`, which refuses. Synchronous unless the verdict depends on a question.
   */
  decide(review: Review, budgetMs: number): Decision | Promise<Decision>;
}

export interface BouncerOptions {
  /** The active policy; read once for each review, so that a reload never splits one. */
  readonly policies: { current(): Policy | undefined };
  /** Asks the questions of rules. Without it every answer is unavailable: `NO_SOURCE`. */
  readonly asker?: Pick<Asker, 'ask' | 'now'>;
  /** Gets what went wrong inside; the requester does not. */
  readonly onFailure?: (error: unknown) => void;
}

/** Asking ends so long before the budget, so that a rule without an answer is in the decision and the answer is in time. */
const SETTLE_MS = 250;

/** The part of the budget for questions that cannot refuse the review. */
const SOFT_SHARE = 1 / 3;

/** Reads the object, judges it, asks the open questions if there are any, and settles the rest by the answers. */
export function createBouncer({ policies, asker, onFailure }: BouncerOptions): Bouncer {
  const refuse = (error: unknown): Decision => {
    try {
      onFailure?.(error);
    } catch {
      // A log that fails must not cost the answer.
    }
    return failed('INTERNAL');
  };
  return {
    decide(review, budgetMs) {
      try {
        const policy = policies.current();
        if (policy === undefined) return failed('NO_POLICY');
        if (budgetMs <= 0) return failed('DEADLINE');
        const startedMs = asker?.now() ?? 0;
        const { subject } = review;
        const judged = judge(
          policy,
          review,
          subject.kind === 'unread' ? readSubject(subject.reviewed, policy.kinds) : subject,
        );
        if (judged.outcome !== 'open') return judged;
        if (asker === undefined) return settle(judged, () => unavailable('NO_SOURCE'));
        // To judge 500 images by a thousand rules takes a second.
        return askAndSettle(judged, asker, budgetMs - (asker.now() - startedMs)).catch(refuse);
      } catch (error) {
        return refuse(error);
      }
    },
  };
}

async function askAndSettle(
  review: OpenReview,
  asker: Pick<Asker, 'ask' | 'now'>,
  budgetMs: number,
): Promise<Decision> {
  const answerOf = await asker.ask(timeQuestions(review, budgetMs));
  return settle(review, answerOf);
}

/** The time of each question: all of it if its rule can refuse the review, otherwise at most a third of the budget. */
function timeQuestions({ pending, mirrorPod }: OpenReview, budgetMs: number): TimedQuestion[] {
  const fullMs = budgetMs - SETTLE_MS;
  const softMs = Math.min(fullMs, budgetMs * SOFT_SHARE);
  return pending.map(({ rule, check: { question } }) => ({
    question,
    withinMs: !mirrorPod && rule.actions.includes('Deny') ? fullMs : softMs,
  }));
}
