import { PatternIndex } from '../image/pattern-index.ts';
import type { ImagePattern } from '../image/pattern.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Review } from './review.ts';
import type { Rule } from './rule.ts';
import { selectsImage, type Selector, selectsReview } from './selector.ts';

/** A rule whose `match.images` selects an image. */
export interface RuleHit {
  readonly rule: Rule;
  /** Whether `exclude.images` selects the image, or is absent. If true, the other fields of `exclude` decide. */
  readonly excludable: boolean;
  /** Whether the rule vouches for the image if it has no objection. Always false if the policy needs no such rule. */
  readonly vouches: boolean;
}

/** A rule, and its possible hits. The hits are shared by all images. */
interface PreparedRule {
  readonly rule: Rule;
  /** Its position in the policy. */
  readonly order: number;
  readonly vouchesFor: Rule['vouchesFor'];
  readonly hit: RuleHit;
  readonly excludableHit: RuleHit;
  readonly voucher: RuleHit;
  readonly excludableVoucher: RuleHit;
}

/** Finds the rules that have to be asked about an image, in the order of the policy. All others have no effect on it. */
export type RuleFinder = (image: ImageReference) => readonly PreparedRule[];

/** A policy with fewer patterns needs no index of its rules. */
const FEW_PATTERNS = 16;

/** Selects rules: those that can apply to a review, and of these the ones that have to be asked about an image. */
export class RuleSelection {
  readonly #rules: readonly PreparedRule[];
  /** The rules that depend on user, namespace or resource. */
  readonly #placed: readonly PreparedRule[];
  /** The orders of the rules that concern only images of some patterns, by these patterns. */
  readonly #index: PatternIndex<number> | undefined;
  /** The key of all rules. */
  readonly wholeKey: string;

  /** @param needsVoucher whether the policy refuses an image for which no rule vouches */
  constructor(rules: readonly Rule[], needsVoucher: boolean) {
    this.#rules = rules.map((rule, order) => prepareRule(rule, order, needsVoucher));
    this.#placed = this.#rules.filter(({ rule: { match, exclude } }) => hasPlace(match) || hasPlace(exclude));
    this.wholeKey = this.#placed.map(({ order }) => String.fromCharCode(order)).join('');
    const patterns = rules.flatMap((rule, order) =>
      (patternsOf(rule) ?? []).map((pattern) => ({ pattern, order })),
    );
    if (patterns.length < FEW_PATTERNS) return;
    this.#index = new PatternIndex();
    for (const { pattern, order } of patterns) this.#index.add(pattern, order);
  }

  /** Names the rules that can apply to a review. */
  keyOf(review: Review): string {
    let key = '';
    for (const { rule, order } of this.#placed) if (canApply(rule, review)) key += String.fromCharCode(order);
    return key;
  }

  /** The rules of a key. */
  rulesOf(key: string): RuleFinder {
    const unneeded = new Set(this.#placed);
    for (let index = 0; index < key.length; index += 1) {
      const rule = this.#rules[key.charCodeAt(index)];
      if (rule !== undefined) unneeded.delete(rule);
    }
    const rules = this.#rules.filter((rule) => !unneeded.has(rule));
    const index = this.#index;
    if (index === undefined) return () => rules;
    const always = rules.filter(({ rule }) => patternsOf(rule) === undefined);
    const others = new Map(rules.filter((rule) => !always.includes(rule)).map((rule) => [rule.order, rule]));
    return (image) => {
      const found = new Set<PreparedRule>();
      index.find(image, (order) => {
        const rule = others.get(order);
        if (rule !== undefined) found.add(rule);
        return false;
      });
      return found.size === 0 ? always : inOrder(always, [...found]);
    };
  }
}

/** The patterns of which one must match so that the rule has an effect; `undefined` if it concerns every image. */
function patternsOf({ match, check }: Rule): readonly ImagePattern[] | undefined {
  return match?.images?.patterns ?? check.only;
}

/** Merges two lists, of which the first is in order. */
function inOrder(one: readonly PreparedRule[], other: readonly PreparedRule[]): readonly PreparedRule[] {
  return [...one, ...other].toSorted((left, right) => left.order - right.order);
}

function hasPlace(selector: Selector | undefined): boolean {
  if (selector === undefined) return false;
  const { resources, namespaces, users, groups } = selector;
  return [resources, namespaces, users, groups].some((field) => field !== undefined);
}

/** False if the rule applies to no image of the review, wherever the image is. */
function canApply({ match, exclude }: Rule, review: Review): boolean {
  if (match !== undefined && !selectsReview(match, review, true)) return false;
  const excludesAll = exclude !== undefined && exclude.images === undefined && exclude.usages === undefined;
  return !(excludesAll && selectsReview(exclude, review, false));
}

function prepareRule(rule: Rule, order: number, needsVoucher: boolean): PreparedRule {
  return {
    rule,
    order,
    vouchesFor: needsVoucher ? rule.vouchesFor : undefined,
    hit: { rule, excludable: false, vouches: false },
    excludableHit: { rule, excludable: true, vouches: false },
    voucher: { rule, excludable: false, vouches: true },
    excludableVoucher: { rule, excludable: true, vouches: true },
  };
}

/** The hit of a rule whose `match.images` selects the image. */
export function hitOf(prepared: PreparedRule, image: ImageReference): RuleHit {
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
