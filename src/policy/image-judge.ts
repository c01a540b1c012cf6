import { parseImageReference, type ImageReference, type InvalidReference } from '../image/reference.ts';
import { NO_FACTS, type Facts } from './facts.ts';
import type { Rule, RuleObjection } from './rule.ts';
import { selectsImage } from './selector.ts';

/** Most images that are remembered. A full memory is emptied at once, which costs less than keeping order. */
const REMEMBERED_IMAGES = 4096;

/** Slots in which an image is noted when it comes for the first time. */
const GLIMPSES = 4096;

/** No longer text is remembered; a longer one is no reference anyway. */
const REMEMBERED_CHARACTERS = 1024;

/** A rule whose image selectors let it look at an image. */
export interface RuleHit {
  readonly rule: Rule;
  /** `exclude.images` holds as well, or there is none: the rest of `exclude` decides. */
  readonly excludable: boolean;
}

export interface ObjectingHit extends RuleHit {
  readonly objection: RuleObjection;
}

/** What the rules say to an image, whoever uses it wherever. */
export interface JudgedImage {
  readonly reference: ImageReference | InvalidReference;
  /** Rules that look at this image, in the order of the policy. */
  readonly hits: readonly RuleHit[];
  /** Those of them that object without needing any fact. */
  readonly objections: readonly ObjectingHit[];
  /** Those of them that need facts, and are asked anew for every review. */
  readonly undecided: readonly RuleHit[];
}

export type ImageJudge = (image: string) => JudgedImage;

/**
 * Asks the rules about images, each one twice at most. Only what depends on the image alone is remembered; namespace,
 * user and place are looked at for every review.
 */
export function createImageJudge(rules: readonly Rule[]): ImageJudge {
  const panel = rules.map(seatOf);
  const remembered = new Map<string, JudgedImage>();
  // Most images that are new are never asked about again, and to remember one costs more than to judge it. A slot
  // holds one image, whichever came last: to forget that one came once only costs another look.
  const glimpsed: (string | undefined)[] = Array.from({ length: GLIMPSES });
  return (image) => {
    const known = remembered.get(image);
    if (known !== undefined) return known;
    const judged = judgeImage(panel, image);
    if (image.length > REMEMBERED_CHARACTERS) return judged;
    const slot = slotOf(image);
    if (glimpsed[slot] === image) {
      if (remembered.size >= REMEMBERED_IMAGES) remembered.clear();
      remembered.set(image, judged);
    }
    glimpsed[slot] = image;
    return judged;
  };
}

/** A number below `GLIMPSES` out of the end of an image, where images differ most. */
function slotOf(image: string): number {
  let hash = image.length;
  for (let index = Math.max(0, image.length - 24); index < image.length; index += 1) {
    hash = (Math.imul(hash, 31) + image.charCodeAt(index)) | 0;
  }
  return hash & (GLIMPSES - 1);
}

/** A rule and its two possible hits, which thousands of images share. */
interface Seat {
  readonly rule: Rule;
  readonly hit: RuleHit;
  readonly excludableHit: RuleHit;
}

function seatOf(rule: Rule): Seat {
  return { rule, hit: { rule, excludable: false }, excludableHit: { rule, excludable: true } };
}

const NONE: readonly never[] = [];

function judgeImage(panel: readonly Seat[], image: string): JudgedImage {
  const reference = parseImageReference(image);
  if (reference.kind === 'invalid') return { reference, hits: NONE, objections: NONE, undecided: NONE };
  const hits: RuleHit[] = [];
  let objections: ObjectingHit[] | undefined;
  let undecided: RuleHit[] | undefined;
  for (const seat of panel) {
    const { rule } = seat;
    if (rule.match !== undefined && !selectsImage(rule.match, reference)) continue;
    const isExcludable = rule.exclude !== undefined && selectsImage(rule.exclude, reference);
    const hit = isExcludable ? seat.excludableHit : seat.hit;
    hits.push(hit);
    if (rule.facts.length > 0) {
      (undecided ??= []).push(hit);
      continue;
    }
    const objection = rule.check(reference, NO_FACTS);
    if (objection !== undefined) (objections ??= []).push({ ...hit, objection });
  }
  return { reference, hits, objections: objections ?? NONE, undecided: undecided ?? NONE };
}

/** What a rule that needs facts says, now that they are known. */
export function askWithFacts(hit: RuleHit, image: ImageReference, facts: Facts): ObjectingHit | undefined {
  const objection = hit.rule.check(image, facts);
  return objection === undefined ? undefined : { ...hit, objection };
}
