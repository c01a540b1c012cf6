import type { ImageUse } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase } from '../language/phrase.ts';
import type { Answer, Question, UnavailableCode } from '../question/question.ts';
import type { Decision, JudgedUse, Notice, PolicyIdentity, Violation, ViolationCode } from './decision.ts';
import type { PendingCheck, Rule } from './rule.ts';

/** A rule that waits for an answer about an image at its place. */
export interface PendingRule {
  readonly rule: Rule;
  readonly use: ImageUse;
  readonly check: PendingCheck;
  /** Where its violation belongs: the number of violations that come before it. */
  readonly violationsBefore: number;
}

/** A review that is judged by all rules except those that wait for answers. */
export interface OpenReview {
  readonly outcome: 'open';
  readonly policy: PolicyIdentity;
  readonly uses: readonly JudgedUse[];
  readonly violations: readonly Violation[];
  readonly notices: readonly Notice[];
  readonly pending: readonly PendingRule[];
  /** The review is about a mirror pod. It runs already, so it is never refused. */
  readonly mirrorPod: boolean;
}

const UNANSWERED: Readonly<Record<UnavailableCode, Objection<UnavailableCode>>> = {
  DEADLINE: objection('DEADLINE.question'),
  ANSWER_UNAVAILABLE: objection('ANSWER_UNAVAILABLE.question'),
  ANSWER_MALFORMED: objection('ANSWER_MALFORMED.question'),
  NO_SOURCE: objection('NO_SOURCE.question'),
  TOO_MANY_QUESTIONS: objection('TOO_MANY_QUESTIONS.question'),
};

/**
 * The decision about a review whose questions have answers. An unavailable answer is a violation of the rule that needs
 * it, under the actions of that rule. Pure.
 */
export function settle(review: OpenReview, answerOf: (question: Question) => Answer): Decision {
  const violations: Violation[] = [];
  const digests = new Map<ImageUse, Set<string>>();
  let taken = 0;
  for (const { rule, use, check, violationsBefore } of review.pending) {
    appendAll(violations, review.violations.slice(taken, violationsBefore));
    taken = violationsBefore;
    const answer = answerOf(check.question);
    const found = answer.outcome === 'known' ? check.settle(answer.value) : UNANSWERED[answer.code];
    if (found !== undefined) violations.push(violationOf(rule, found, use));
    if (answer.outcome !== 'known' || check.digestIn === undefined) continue;
    const digest = check.digestIn(answer.value);
    digests.set(use, (digests.get(use) ?? new Set()).add(digest));
  }
  appendAll(violations, review.violations.slice(taken));
  const uses = digests.size === 0 ? review.uses : review.uses.map((judged) => withDigest(judged, digests));
  return conclude(review.policy, uses, violations, review.notices, review.mirrorPod);
}

/** `push(...more)` passes each item on the stack. A review may have more violations than fit there. */
function appendAll(violations: Violation[], more: readonly Violation[]): void {
  for (const violation of more) violations.push(violation);
}

/** Adds the digest that the rules judged. If they judged different digests, none is added, because none is certain. */
function withDigest(judged: JudgedUse, digests: ReadonlyMap<ImageUse, ReadonlySet<string>>): JudgedUse {
  const [digest, ...others] = digests.get(judged.use) ?? [];
  return digest === undefined || others.length > 0 ? judged : { ...judged, digest };
}

export function violationOf(
  rule: Rule,
  { code, reason, remedy }: Objection<ViolationCode>,
  use: ImageUse,
): Violation {
  return { code, actions: rule.actions, rule: rule.name, use, reason, remedy, message: rule.message };
}

/**
 * Makes the decision from violations and notices.
 * @param unaskedRules number of rules that were not checked, because the review is refused without them
 */
export function conclude(
  policy: PolicyIdentity,
  uses: readonly JudgedUse[],
  violations: readonly Violation[],
  notices: readonly Notice[],
  mirrorPod = false,
  unaskedRules = 0,
): Decision {
  const [first, ...others] = violations;
  if (first === undefined) return { outcome: 'admitted', policy, uses, violations, notices };
  // The kubelet already runs the static pod. A refusal of its mirror pod would only hide it (A20).
  if (mirrorPod) {
    const noticed: Notice[] = [
      ...notices,
      { code: 'MIRROR_POD', use: undefined, text: phrase('MIRROR_POD.text') },
    ];
    const softened = violations.map(softenToWarning);
    return { outcome: 'admitted', policy, uses, violations: softened, notices: noticed };
  }
  if (!violations.some(({ actions }) => actions.includes('Deny')))
    return { outcome: 'admitted', policy, uses, violations, notices };
  const refused = { outcome: 'refused', policy, uses, violations: [first, ...others], notices } as const;
  return unaskedRules === 0 ? refused : { ...refused, unaskedRules };
}

function softenToWarning(violation: Violation): Violation {
  return violation.actions.includes('Deny') ? { ...violation, actions: ['Warn', 'Audit'] } : violation;
}
