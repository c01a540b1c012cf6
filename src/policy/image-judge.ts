import { parseImageReference, type ImageReference, type InvalidReference } from '../image/reference.ts';
import type { Review } from './review.ts';
import type { PendingCheck, Rule, RuleObjection } from './rule.ts';
import { hitOf, type RuleFinder, type RuleHit, RuleSelection } from './rule-selection.ts';
import { selectsImage } from './selector.ts';

/** Maximum number of images in the memory. A full memory is cleared as a whole, because keeping an order costs more. */
const REMEMBERED_IMAGES = 4096;

/** Number of slots for images that were judged once. A power of two. */
const SLOTS = 4096;

/** Maximum number of groups of rules. */
const GROUPS = 1024;

/** Longer texts are not remembered, because none of them is a reference. */
const REMEMBERED_CHARACTERS = 1024;

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

/** Number of rules after which the time is compared. A rule with a long expression can take several milliseconds. */
const RULES_BETWEEN_LOOKS = 4;

/** Returns `undefined` if `isLate` before all rules were compared. Such a result is not remembered. */
type ImageJudge = (image: string, isLate: () => boolean) => JudgedImage | undefined;

/** The judges of one policy. */
export interface ImageJudges {
  /** Judges an image by all rules, without a limit of time. Nothing is remembered. */
  readonly judge: (image: string) => JudgedImage;
  /** The judge for one review: by the rules that can apply to its user, namespace and resource. */
  readonly judgeFor: (review: Review) => ImageJudge;
}

/** The rules that can apply to some reviews, and the images that were judged by them. */
interface RuleGroup {
  readonly judge: ImageJudge;
  readonly remembered: Map<string, JudgedImage>;
}

/**
 * Judges images by rules. It remembers the results that depend on the image alone, so most images are judged at most
 * twice. Namespace, user and place are compared for each review.
 * @param needsVoucher whether the policy refuses an image for which no rule vouches
 */
export function createImageJudges(rules: readonly Rule[], needsVoucher: boolean): ImageJudges {
  const selection = new RuleSelection(rules, needsVoucher);
  const groups = new Map<string, RuleGroup>();
  // Most images occur only once, and remembering an image costs more than judging it. So an image is remembered at its
  // second occurrence. A slot contains the last image that occurred once; an image that is replaced is judged again.
  const seenOnce: (string | undefined)[] = Array.from({ length: SLOTS });
  const seenBy: (RuleGroup | undefined)[] = Array.from({ length: SLOTS });
  let rememberedImages = 0;
  const groupOf = (key: string): RuleGroup => {
    const known = groups.get(key);
    if (known !== undefined) return known;
    if (groups.size >= GROUPS) forget();
    const findRules = selection.rulesOf(key);
    const remembered = new Map<string, JudgedImage>();
    const judge: ImageJudge = (image, isLate) => {
      const result = remembered.get(image);
      if (result !== undefined) return result;
      const judged = judgeImage(findRules, image, isLate);
      if (judged === undefined || image.length > REMEMBERED_CHARACTERS) return judged;
      const slot = slotOf(image);
      if (seenOnce[slot] === image && seenBy[slot] === group) {
        if (rememberedImages >= REMEMBERED_IMAGES) forget();
        rememberedImages += 1;
        remembered.set(image, judged);
      }
      seenOnce[slot] = image;
      seenBy[slot] = group;
      return judged;
    };
    const group = { judge, remembered };
    groups.set(key, group);
    return group;
  };
  const forget = (): void => {
    for (const { remembered } of groups.values()) remembered.clear();
    groups.clear();
    seenBy.fill(undefined);
    rememberedImages = 0;
  };
  return {
    judge: (image) => judgeImage(selection.rulesOf(selection.wholeKey), image),
    judgeFor: (review) => groupOf(selection.keyOf(review)).judge,
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

const NONE: readonly never[] = [];

function judgeImage(findRules: RuleFinder, image: string): JudgedImage;
function judgeImage(findRules: RuleFinder, image: string, isLate: () => boolean): JudgedImage | undefined;
function judgeImage(findRules: RuleFinder, image: string, isLate?: () => boolean): JudgedImage | undefined {
  const reference = parseImageReference(image);
  if (reference.kind === 'invalid') return { reference, findings: NONE, vouchers: NONE };
  let findings: RuleFinding[] | undefined;
  let vouchers: RuleHit[] | undefined;
  let untilLook = RULES_BETWEEN_LOOKS;
  for (const prepared of findRules(reference)) {
    const { rule } = prepared;
    if (untilLook === 0) {
      if (isLate?.() === true) return undefined;
      untilLook = RULES_BETWEEN_LOOKS;
    }
    untilLook -= 1;
    if (rule.match !== undefined && !selectsImage(rule.match, reference)) continue;
    const hit = hitOf(prepared, reference);
    const finding = rule.check(reference);
    if (finding !== undefined) (findings ??= []).push({ ...hit, finding });
    if (hit.vouches && (finding === undefined || isPending(finding))) (vouchers ??= []).push(hit);
  }
  return { reference, findings: findings ?? NONE, vouchers: vouchers ?? NONE };
}

/** Whether the rule waits for an answer. */
export function isPending(finding: RuleObjection | PendingCheck): finding is PendingCheck {
  return 'question' in finding;
}
