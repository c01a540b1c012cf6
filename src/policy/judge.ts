import { quote } from '../image/quote.ts';
import { TEXT_MAX } from '../image/grammar.ts';
import { canonicalName, type ImageReference } from '../image/reference.ts';
import type { ImageUse } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase } from '../language/phrase.ts';
import type { UnreadableObject } from '../workload/image-list.ts';
import type { Images, Subject } from '../workload/subject.ts';
import {
  type Decision,
  failed,
  type JudgedUse,
  type Notice,
  type Violation,
  type ViolationCode,
} from './decision.ts';
import { isPending, type JudgedImage } from './image-judge.ts';
import type { Policy } from './policy.ts';
import type { Review } from './review.ts';
import type { RuleHit } from './rule-selection.ts';
import { selectsImage, selectsPlace } from './selector.ts';
import { conclude, type OpenReview, type PendingRule, violationOf } from './settle.ts';

/**
 * Judges a review by a policy. Violations are in the order of the images in the object, then in the order of the rules in
 * the policy. Synchronous and pure. Returns an `OpenReview` only if the verdict depends on a question. A review that is
 * refused anyway has no questions.
 * @param isLate whether the time of the review is over; its decision is then `failed`
 */
export function judge(
  policy: Policy,
  review: Review,
  subject: Subject,
  isLate: () => boolean = () => false,
): Decision | OpenReview {
  switch (subject.kind) {
    case 'imageless':
      return conclude(policy.identity, [], [], []);
    case 'unreadable':
      return conclude(policy.identity, [], [unreadableObject(subject)], []);
    case 'unknown':
      return conclude(policy.identity, [], [], [unknownKind(subject.name)]);
    case 'images':
      return judgeImages(policy, review, subject, isLate);
  }
}

function judgeImages(
  policy: Policy,
  review: Review,
  images: Images,
  isLate: () => boolean,
): Decision | OpenReview {
  const evaluation: Evaluation = { policy, review, isLate, violations: [], pending: undefined };
  const uses: JudgedUse[] = [];
  const notices: Notice[] = [];
  const judgeImage = policy.judgeFor(review);
  for (const use of images.changed) {
    if (uses.length > 0 && isLate()) return failed('DEADLINE');
    const judged = judgeImage(use.image, isLate);
    if (judged === undefined) return failed('DEADLINE');
    uses.push({ use, reference: judged.reference });
    judgeUse(evaluation, use, judged);
  }
  for (const use of images.kept) {
    if (uses.length > 0 && isLate()) return failed('DEADLINE');
    const judged = judgeImage(use.image, isLate);
    if (judged === undefined) return failed('DEADLINE');
    uses.push({ use, reference: judged.reference });
    if (images.template) noteUnchanged(notices, evaluation, use, judged);
  }
  if (images.template && policy.excludingUsers.length > 0 && !isLate())
    notices.push(...notesOnExclusion(policy, review, uses.slice(0, images.changed.length)));
  for (const use of images.placeholders) {
    notices.push({ code: 'PLACEHOLDER', use, text: phrase('PLACEHOLDER.text') });
  }
  const { violations, pending } = evaluation;
  const { mirrorPod } = images;
  const { identity } = policy;
  if (pending === undefined) return conclude(identity, uses, violations, notices, mirrorPod);
  const isRefused = !mirrorPod && violations.some(({ actions }) => actions.includes('Deny'));
  if (!isRefused) return { outcome: 'open', policy: identity, uses, violations, notices, pending, mirrorPod };
  const unaskedRules = new Set(pending.map(({ rule }) => rule)).size;
  return conclude(identity, uses, violations, notices, mirrorPod, unaskedRules);
}

/** The results of one review while its images are judged. */
interface Evaluation {
  readonly policy: Policy;
  readonly review: Review;
  readonly isLate: () => boolean;
  readonly violations: Violation[];
  /** `undefined` for most reviews. */
  pending: PendingRule[] | undefined;
}

function judgeUse(evaluation: Evaluation, use: ImageUse, judged: JudgedImage): void {
  const { policy, review, violations } = evaluation;
  if (judged.reference.kind === 'invalid') {
    violations.push(gateViolation(judged.reference, use));
    return;
  }
  // An objection of a rule that names the image says enough, and it refuses. "No rule allows this image" would be wrong.
  let isNamed = false;
  for (const hit of judged.findings) {
    if (!applies(hit, use, review)) continue;
    const { rule, finding } = hit;
    if (isPending(finding)) {
      const pending = { rule, use, check: finding, violationsBefore: violations.length };
      (evaluation.pending ??= []).push(pending);
    } else {
      violations.push(violationOf(rule, finding, use));
      isNamed ||= hit.vouches;
    }
  }
  // A voucher with a question counts: if its answer is not good, the violation of its rule refuses the image.
  if (policy.unmatchedImages === 'Allow' || isNamed) return;
  if (judged.vouchers.some((hit) => certainlyApplies(hit, use, review))) return;
  const inDoubt = judged.vouchers.some((hit) => applies(hit, use, review));
  violations.push(gateViolation(inDoubt ? IN_DOUBT : unmatched(evaluation, use, judged.reference), use));
}

/** Reports an unchanged image as a warning, without questions. Pods created from it later are refused. */
function noteUnchanged(
  notices: Notice[],
  { policy, review, isLate }: Evaluation,
  use: ImageUse,
  judged: JudgedImage,
): void {
  const violations: Violation[] = [];
  judgeUse({ policy, review, isLate, violations, pending: undefined }, use, judged);
  const refusal = violations.find(({ actions }) => actions.includes('Deny'));
  if (refusal === undefined) return;
  const why = refusal.message ?? refusal.reason;
  notices.push({ code: 'UNCHANGED_VIOLATION', use, text: phrase('UNCHANGED_VIOLATION.text', { why }) });
}

/**
 * Says that a rule lets off this template because of its user, and not the pods, which another user creates: a controller.
 * One notice for each rule.
 */
function notesOnExclusion(policy: Policy, review: Review, uses: readonly JudgedUse[]): Notice[] {
  return policy.excludingUsers.flatMap((rule): Notice[] => {
    const { match, exclude } = rule;
    for (const { use, reference } of uses) {
      if (reference.kind === 'invalid') continue;
      const isMatched =
        match === undefined || (selectsImage(match, reference) && selectsPlace(match, use, review, true));
      const isExcluded =
        exclude !== undefined &&
        selectsImage(exclude, reference) &&
        selectsPlace(exclude, use, review, false);
      const finding = isMatched && isExcluded ? rule.check(reference) : undefined;
      if (finding === undefined || isPending(finding)) continue;
      const values = { rule: quote(rule.name), why: rule.message ?? finding.reason };
      return [{ code: 'EXCLUDED_TEMPLATE', use, text: phrase('EXCLUDED_TEMPLATE.text', values) }];
    }
    return [];
  });
}

/** Whether a rule applies to an image at its place. If the user, namespace or usage is unknown, the rule applies. */
function applies(hit: RuleHit, use: ImageUse, review: Review): boolean {
  return selects(hit, use, review, true);
}

/** Whether the rule applies for every possible value of the unknown fields. Otherwise it cannot admit an image. */
function certainlyApplies(hit: RuleHit, use: ImageUse, review: Review): boolean {
  return selects(hit, use, review, false);
}

function selects({ rule, excludable }: RuleHit, use: ImageUse, review: Review, unknown: boolean): boolean {
  if (rule.match !== undefined && !selectsPlace(rule.match, use, review, unknown)) return false;
  return !(excludable && rule.exclude !== undefined && selectsPlace(rule.exclude, use, review, !unknown));
}

/** Proposes the full name of an image if a rule vouches for the image under this name only. */
function unmatched(
  { policy, review, isLate }: Evaluation,
  use: ImageUse,
  reference: ImageReference,
): Objection<ViolationCode> {
  if (policy.shortNames === 'DockerHub' || reference.fullyQualified) return NO_RULE;
  const name = canonicalName(reference);
  const judged = policy.judgeFor(review)(name, isLate);
  return judged?.vouchers.some((hit) => certainlyApplies(hit, use, review)) === true
    ? objection('UNMATCHED_IMAGE.short-name', { name: quote(name, TEXT_MAX) })
    : NO_RULE;
}

const NO_RULE = objection('UNMATCHED_IMAGE.no-rule');
const IN_DOUBT = objection('UNMATCHED_IMAGE.in-doubt');

/** A violation that is found by the gate itself, without a rule. */
function gateViolation(
  { code, reason, remedy }: Objection<ViolationCode>,
  use: ImageUse | undefined,
): Violation {
  return { code, actions: ['Deny'], rule: undefined, use, reason, remedy, message: undefined };
}

function unreadableObject(subject: UnreadableObject): Violation {
  const violation = gateViolation(subject, undefined);
  return subject.path === undefined ? violation : { ...violation, path: subject.path };
}

function unknownKind(name: string): Notice {
  const text = phrase('UNKNOWN_KIND.text', { kind: quote(name, 128) });
  return { code: 'UNKNOWN_KIND', use: undefined, text, kind: name };
}
