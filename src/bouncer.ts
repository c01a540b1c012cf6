import { type Decision, failed } from './policy/decision.ts';
import { judge } from './policy/judge.ts';
import type { Policy } from './policy/policy.ts';
import type { Review } from './policy/review.ts';
import { settle, type OpenReview } from './policy/settle.ts';
import type { Asker, TimedQuestion } from './question/asker.ts';
import { unavailable } from './question/question.ts';
import { readSubject } from './workload/subject.ts';

/** The core. It decides every review; no other part of the program decides one. */
export interface Bouncer {
  /**
   * Decides a review within `budgetMs`. Never throws or rejects: a review that cannot be decided has the outcome
   * `failed`, which refuses it. The result is a promise only if the verdict depends on a question.
   */
  decide(review: Review, budgetMs: number): Decision | Promise<Decision>;
}

export interface BouncerOptions {
  /** The active policy. It is read once for each review, so a reload never changes it during a review. */
  readonly policies: { current(): Policy | undefined };
  /**
   * Asks the questions of rules, and measures the time of reviews. Without it every answer is unavailable: `NO_SOURCE`, and
   * only an empty budget has an effect.
   */
  readonly asker?: Pick<Asker, 'ask' | 'now'>;
  /** Called with each internal error. The requester gets a code only. */
  readonly onFailure?: (error: unknown) => void;
}

/** Time for the decision after the questions have ended. Without it, the whole review would fail instead of one rule. */
const SETTLE_MS = 250;

/** The part of the budget for questions that cannot refuse the review. */
const SOFT_SHARE = 1 / 3;

/** Reads the object, judges it, asks the open questions if there are any, and settles the rest by the answers. */
export function createBouncer({ policies, asker, onFailure }: BouncerOptions): Bouncer {
  const refuse = (error: unknown): Decision => {
    try {
      onFailure?.(error);
    } catch {
      // The review must be answered even if the log fails.
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
          asker && (() => asker.now() - startedMs >= budgetMs),
        );
        if (judged.outcome !== 'open') return judged;
        if (asker === undefined) return settle(judged, () => unavailable('NO_SOURCE'));
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

/** The time for each question: the budget minus {@link SETTLE_MS}, or less if its rule cannot refuse the review. */
function timeQuestions({ pending, mirrorPod }: OpenReview, budgetMs: number): TimedQuestion[] {
  const fullMs = budgetMs - SETTLE_MS;
  const softMs = Math.min(fullMs, budgetMs * SOFT_SHARE);
  return pending.map(({ rule, check: { question } }) => ({
    question,
    withinMs: !mirrorPod && rule.actions.includes('Deny') ? fullMs : softMs,
  }));
}
