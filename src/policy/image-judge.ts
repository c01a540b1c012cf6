import { parseImageReference, type ImageReference, type InvalidReference } from '../image/reference.ts';
import type { PendingCheck, Rule, RuleObjection } from './rule.ts';
import { selectsImage } from './selector.ts';

/** Maximum number of images in the memory. A full memory is cleared as a whole, because keeping an order costs more. */
const REMEMBERED_IMAGES = 4096;

/** Number of slots for images that were judged once. A power of two. */
const SLOTS = 4096;

/** Longer texts are not remembered, because none of them is a reference. */
const REMEMBERED_CHARACTERS = 1024;

/** A rule whose `match.images` selects an image. */
export interface RuleHit {
  readonly rule: Rule;
  /** Whether `exclude.images` selects the image, or is absent. If true, the other fields of `exclude` decide. */
  readonly excludable: boolean;
  /** Whether the rule vouches for the image if it has no objection. Always false if the policy needs no such rule. */
  readonly vouches: boolean;
}

/** A rule that objects to an image, or waits for an answer about it. */
export interface RuleFinding extends RuleHit {
  readonly finding: RuleObjection | PendingCheck;
}

/** The results of the rules for an image. They are the same for every object that uses it. */
export interface JudgedImage {
  readonly reference: ImageReference | InvalidReference;
  /** Objections and questions, in the order of the rules. The questions are remembered; their answers are not. */
  readonly findings: readonly RuleFinding[];
  /** The rules that vouch for this image where they apply. A rule with a question vouches if the answer is good. */
  readonly vouchers: readonly RuleHit[];
}

export type ImageJudge = (image: string) => JudgedImage;

/**
 * Judges images by rules. It remembers the results that depend on the image alone, so most images are judged at most
 * twice. Namespace, user and place are compared for each review.
 * @param needsVoucher whether the policy refuses an image for which no rule vouches
 */
export function createImageJudge(rules: readonly Rule[], needsVoucher: boolean): ImageJudge {
  const preparedRules = rules.map((rule) => prepareRule(rule, needsVoucher));
  const remembered = new Map<string, JudgedImage>();
  // Most images occur only once, and remembering an image costs more than judging it. So an image is remembered at its
  // second occurrence. A slot contains the last image that occurred once; an image that is replaced is judged again.
  const seenOnce: (string | undefined)[] = Array.from({ length: SLOTS });
  return (image) => {
    const known = remembered.get(image);
    if (known !== undefined) return known;
    const judged = judgeImage(preparedRules, image);
    if (image.length > REMEMBERED_CHARACTERS) return judged;
    const slot = slotOf(image);
    if (seenOnce[slot] === image) {
      if (remembered.size >= REMEMBERED_IMAGES) remembered.clear();
      remembered.set(image, judged);
    }
    seenOnce[slot] = image;
    return judged;
  };
}

/** A hash below `SLOTS`. It reads the end of an image, because images differ most there. */
function slotOf(image: string): number {
  let hash = image.length;
  for (let index = Math.max(0, image.length - 24); index < image.length; index += 1) {
    hash = (Math.imul(hash, 31) + image.charCodeAt(index)) | 0;
  }
  return hash & (SLOTS - 1);
}

/** A rule, and its possible hits. The hits are shared by all images. */
interface PreparedRule {
  readonly rule: Rule;
  readonly vouchesFor: Rule['vouchesFor'];
  readonly hit: RuleHit;
  readonly excludableHit: RuleHit;
  readonly voucher: RuleHit;
  readonly excludableVoucher: RuleHit;
}

function prepareRule(rule: Rule, needsVoucher: boolean): PreparedRule {
  return {
    rule,
    vouchesFor: needsVoucher ? rule.vouchesFor : undefined,
    hit: { rule, excludable: false, vouches: false },
    excludableHit: { rule, excludable: true, vouches: false },
    voucher: { rule, excludable: false, vouches: true },
    excludableVoucher: { rule, excludable: true, vouches: true },
  };
}

const NONE: readonly never[] = [];

function judgeImage(rules: readonly PreparedRule[], image: string): JudgedImage {
  const reference = parseImageReference(image);
  if (reference.kind === 'invalid') return { reference, findings: NONE, vouchers: NONE };
  let findings: RuleFinding[] | undefined;
  let vouchers: RuleHit[] | undefined;
  for (const prepared of rules) {
    const { rule } = prepared;
    if (rule.match !== undefined && !selectsImage(rule.match, reference)) continue;
    const hit = hitOf(prepared, reference);
    const finding = rule.check(reference);
    if (finding !== undefined) (findings ??= []).push({ ...hit, finding });
    if (hit.vouches && (finding === undefined || isPending(finding))) (vouchers ??= []).push(hit);
  }
  return { reference, findings: findings ?? NONE, vouchers: vouchers ?? NONE };
}

function hitOf(prepared: PreparedRule, image: ImageReference): RuleHit {
  const { exclude } = prepared.rule;
  const isExcludable = exclude !== undefined && selectsImage(exclude, image);
  return prepared.vouchesFor?.(image) === true
    ? isExcludable
      ? prepared.excludableVoucher
      : prepared.voucher
    : isExcludable
      ? prepared.excludableHit
      : prepared.hit;
}

/** Whether the rule waits for an answer. */
export function isPending(finding: RuleObjection | PendingCheck): finding is PendingCheck {
  return 'question' in finding;
}
