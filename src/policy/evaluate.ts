import type { ImageUse } from '../image/use.ts';
import { readSubject, type Images } from '../workload/subject.ts';
import type { Unreadable } from '../workload/unreadable.ts';
import type { Decision, JudgedUse, Notice, Violation } from './decision.ts';
import type { Facts } from './facts.ts';
import { askWithFacts, type JudgedImage, type RuleHit, type RuleObjection } from './image-judge.ts';
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
      return decide(policy, [], [refusalOf(subject)], []);
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
    notices.push({ code: 'PLACEHOLDER', use, text: 'is filled in later; the pod that it becomes is judged' });
  }
  if (!images.mirrorPod || violations.length === 0) return decide(policy, uses, violations, notices);
  // The kubelet runs a static pod already: to refuse its mirror would only hide it (A20).
  notices.push({
    code: 'MIRROR_POD',
    use: undefined,
    text: 'admitted because the node runs this static pod already',
  });
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
    const { code, reason, remedy } = reference;
    violations.push({ code, actions: ['Deny'], rule: undefined, use, reason, remedy, message: undefined });
    return;
  }
  for (const objection of judged.objections) {
    if (applies(objection, use, review)) violations.push(violationOf(objection, use));
  }
  for (const hit of judged.undecided) {
    const objection = applies(hit, use, review) ? askWithFacts(hit, reference, facts) : undefined;
    if (objection !== undefined) violations.push(violationOf(objection, use));
  }
  if (policy.unmatchedImages === 'Deny' && !judged.hits.some((hit) => surelyApplies(hit, use, review))) {
    violations.push(
      unmatched(use, judged.hits.some((hit) => applies(hit, use, review)) ? IN_DOUBT : NO_RULE),
    );
  }
}

/** Law of the gate: an image that was there before is told about, not refused; its new pods will be. */
function collectUnchanged(notices: Notice[], hearing: Hearing, use: ImageUse, judged: JudgedImage): void {
  const violations: Violation[] = [];
  collectViolations(violations, hearing, use, judged);
  const refusal = violations.find(({ actions }) => actions.includes('Deny'));
  if (refusal === undefined) return;
  const text = `unchanged, but new pods with it will be refused: ${refusal.message ?? refusal.reason}`;
  notices.push({ code: 'UNCHANGED_VIOLATION', use, text });
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

function violationOf({ rule, objection }: RuleObjection, use: ImageUse): Violation {
  const { code, reason, remedy } = objection;
  return { code, actions: rule.actions, rule: rule.name, use, reason, remedy, message: rule.message };
}

const NO_RULE = {
  reason: 'no rule of the policy is about this image',
  remedy: 'use an image that the policy knows, or have a rule added for it',
};

const IN_DOUBT = {
  reason: 'whether a rule of the policy is about this image depends on what is not known here',
  remedy: 'have a rule added that needs no user, namespace or usage to be about it',
};

function unmatched(use: ImageUse, why: typeof NO_RULE): Violation {
  return { code: 'UNMATCHED_IMAGE', actions: ['Deny'], rule: undefined, use, ...why, message: undefined };
}

function refusalOf({ code, reason, remedy }: Unreadable): Violation {
  return { code, actions: ['Deny'], rule: undefined, use: undefined, reason, remedy, message: undefined };
}

function unknownKind(name: string): Notice {
  const text = `${name} is not a kind whose images are known; its pods are judged when they are created`;
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
