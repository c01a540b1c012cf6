import { parseImageReference, type ImageReference, type InvalidReference } from '../image/reference.ts';
import type { PendingCheck, Rule, RuleObjection } from './rule.ts';
import { selectsImage } from './selector.ts';

/** Most images that are remembered. A full memory is cleared as a whole, because to keep an order costs more. */
const REMEMBERED_IMAGES = 4096;

/** Slots for images that came once. A power of two. */
const SLOTS = 4096;

/** Longer texts are not remembered. None of them is a reference. */
const REMEMBERED_CHARACTERS = 1024;

/** A rule whose `match.images` selects an image. */
export interface RuleHit {
  readonly rule: Rule;
  /** Whether `exclude.images` selects the image too, or is absent. Then the rest of `exclude` decides. */
  readonly excludable: boolean;
}

/** A rule that objects to an image, or waits for an answer about it. */
export interface RuleFinding extends RuleHit {
  readonly finding: RuleObjection | PendingCheck;
}

/** What the rules find in an image, whatever object uses it. */
export interface JudgedImage {
  readonly reference: ImageReference | InvalidReference;
  /** The rules that look at this image, in the order of the policy. */
  readonly hits: readonly RuleHit[];
  /** Those of them that find something, in the same order. Questions are remembered here, but asked for each review. */
  readonly findings: readonly RuleFinding[];
}

export type ImageJudge = (image: string) => JudgedImage;

/**
 * Judges images by rules, each image at most twice. Only what depends on the image alone is remembered; namespace, user
 * and place are compared for each review.
 */
export function createImageJudge(rules: readonly Rule[]): ImageJudge {
  const preparedRules = rules.map(prepareRule);
  const remembered = new Map<string, JudgedImage>();
  // Most new images never come again, and to remember one costs more than to judge it. So an image is remembered when it
  // comes for the second time. A slot has the last image that came once; to forget one costs only another judgement.
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

/** A number below `SLOTS` made from the end of an image, where images differ most. */
function slotOf(image: string): number {
  let hash = image.length;
  for (let index = Math.max(0, image.length - 24); index < image.length; index += 1) {
    hash = (Math.imul(hash, 31) + image.charCodeAt(index)) | 0;
  }
  return hash & (SLOTS - 1);
}

/** A rule and its two possible hits, which all images share. */
interface PreparedRule {
  readonly rule: Rule;
  readonly hit: RuleHit;
  readonly excludableHit: RuleHit;
}

function prepareRule(rule: Rule): PreparedRule {
  return { rule, hit: { rule, excludable: false }, excludableHit: { rule, excludable: true } };
}

const NONE: readonly never[] = [];

function judgeImage(rules: readonly PreparedRule[], image: string): JudgedImage {
  const reference = parseImageReference(image);
  if (reference.kind === 'invalid') return { reference, hits: NONE, findings: NONE };
  const hits: RuleHit[] = [];
  let findings: RuleFinding[] | undefined;
  for (const prepared of rules) {
    const { rule } = prepared;
    if (rule.match !== undefined && !selectsImage(rule.match, reference)) continue;
    const isExcludable = rule.exclude !== undefined && selectsImage(rule.exclude, reference);
    const hit = isExcludable ? prepared.excludableHit : prepared.hit;
    hits.push(hit);
    const finding = rule.check(reference);
    if (finding !== undefined) (findings ??= []).push({ ...hit, finding });
  }
  return { reference, hits, findings: findings ?? NONE };
}
