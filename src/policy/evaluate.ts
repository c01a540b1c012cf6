import { quote } from '../image/quote.ts';
import type { ImageUse } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase } from '../language/phrase.ts';
import { readSubject, type Images } from '../workload/subject.ts';
import type { Decision, JudgedUse, Notice, Violation, ViolationCode } from './decision.ts';
import type { Facts } from './facts.ts';
import { askWithFacts, type JudgedImage, type ObjectingHit, type RuleHit } from './image-judge.ts';
import type { Policy } from './policy.ts';
import type { Review } from './review.ts';
import { selectsPlace } from './selector.ts';

/**
 * Judges a review by a policy: all violations of all images, by the order of the images in the object, then by
 * the order of the rules in the policy. Synchronous and pure; `facts` holds what the policy's rules need.
 */
export function evaluate(policy: Policy, review: Review, facts: Facts): Decision {
  const subject =
    review.subject.kind === 'unread' ? readSubject(review.subject.reviewed, policy.kinds) : review.subject;
  switch (subject.kind) {
    case 'imageless':
      return decide(policy, [], [], []);
    case 'unreadable':
      return decide(policy, [], [gateViolation(subject, undefined)], []);
    case 'unknown':
      return decide(policy, [], [], [unknownKind(subject.name)]);
    case 'images':
      return evaluateImages(policy, review, subject, facts);
  }
}

function evaluateImages(policy: Policy, review: Review, images: Images, facts: Facts): Decision {
  const hearing = { policy, review, facts };
  const uses: JudgedUse[] = [];
  const violations: Violation[] = [];
  const notices: Notice[] = [];
  for (const use of images.changed) {
    const judged = policy.judge(use.image);
    uses.push({ use, reference: judged.reference });
    collectViolations(violations, hearing, use, judged);
  }
  for (const use of images.kept) {
    const judged = policy.judge(use.image);
    uses.push({ use, reference: judged.reference });
    if (images.template) collectUnchanged(notices, hearing, use, judged);
  }
  for (const use of images.placeholders) {
    notices.push({ code: 'PLACEHOLDER', use, text: phrase('PLACEHOLDER.text') });
  }
  if (!images.mirrorPod || violations.length === 0) return decide(policy, uses, violations, notices);
  // The kubelet runs a static pod already: to refuse its mirror would only hide it (A20).
  notices.push({ code: 'MIRROR_POD', use: undefined, text: phrase('MIRROR_POD.text') });
  return decide(policy, uses, violations.map(tellOnly), notices);
}

/** What is the same for every image of a review. */
interface Hearing {
  readonly policy: Policy;
  readonly review: Review;
  readonly facts: Facts;
}

function collectViolations(
  violations: Violation[],
  hearing: Hearing,
  use: ImageUse,
  judged: JudgedImage,
): void {
  const { policy, review, facts } = hearing;
  const { reference } = judged;
  if (reference.kind === 'invalid') {
    violations.push(gateViolation(reference, use));
    return;
  }
  for (const hit of judged.objections) {
    if (applies(hit, use, review)) violations.push(violationOf(hit, use));
  }
  for (const hit of judged.undecided) {
    const objecting = applies(hit, use, review) ? askWithFacts(hit, reference, facts) : undefined;
    if (objecting !== undefined) violations.push(violationOf(objecting, use));
  }
  if (policy.unmatchedImages === 'Deny' && !judged.hits.some((hit) => surelyApplies(hit, use, review))) {
    const inDoubt = judged.hits.some((hit) => applies(hit, use, review));
    violations.push(gateViolation(inDoubt ? IN_DOUBT : NO_RULE, use));
  }
}

/** Law of the gate: an image that was there before is told about, not refused; its new pods will be. */
function collectUnchanged(notices: Notice[], hearing: Hearing, use: ImageUse, judged: JudgedImage): void {
  const violations: Violation[] = [];
  collectViolations(violations, hearing, use, judged);
  const refusal = violations.find(({ actions }) => actions.includes('Deny'));
  if (refusal === undefined) return;
  const why = refusal.message ?? refusal.reason;
  notices.push({ code: 'UNCHANGED_VIOLATION', use, text: phrase('UNCHANGED_VIOLATION.text', { why }) });
}

/** Whether a rule is about an image at its place; what is not known does not keep it away. */
function applies(hit: RuleHit, use: ImageUse, review: Review): boolean {
  return isAbout(hit, use, review, true);
}

/** Whether no fact that is not known could take the rule away: to be selected lets an image in, so it takes certainty. */
function surelyApplies(hit: RuleHit, use: ImageUse, review: Review): boolean {
  return isAbout(hit, use, review, false);
}

function isAbout({ rule, excludable }: RuleHit, use: ImageUse, review: Review, unknown: boolean): boolean {
  if (rule.match !== undefined && !selectsPlace(rule.match, use, review, unknown)) return false;
  return !(excludable && rule.exclude !== undefined && selectsPlace(rule.exclude, use, review, !unknown));
}

function violationOf({ rule, objection }: ObjectingHit, use: ImageUse): Violation {
  const { code, reason, remedy } = objection;
  return { code, actions: rule.actions, rule: rule.name, use, reason, remedy, message: rule.message };
}

const NO_RULE = objection('UNMATCHED_IMAGE.no-rule');
const IN_DOUBT = objection('UNMATCHED_IMAGE.in-doubt');

/** What no rule but the gate itself objects to. */
function gateViolation(
  { code, reason, remedy }: Objection<ViolationCode>,
  use: ImageUse | undefined,
): Violation {
  return { code, actions: ['Deny'], rule: undefined, use, reason, remedy, message: undefined };
}

function unknownKind(name: string): Notice {
  const text = phrase('UNKNOWN_KIND.text', { kind: quote(name, 128) });
  return { code: 'UNKNOWN_KIND', use: undefined, text, kind: name };
}

function tellOnly(violation: Violation): Violation {
  return violation.actions.includes('Deny') ? { ...violation, actions: ['Warn', 'Audit'] } : violation;
}

function decide(
  policy: Policy,
  uses: readonly JudgedUse[],
  violations: readonly Violation[],
  notices: readonly Notice[],
): Decision {
  const { identity } = policy;
  const [first, ...others] = violations;
  if (first !== undefined && violations.some(({ actions }) => actions.includes('Deny'))) {
    return { outcome: 'refused', policy: identity, uses, violations: [first, ...others], notices };
  }
  return { outcome: 'admitted', policy: identity, uses, violations, notices };
}
