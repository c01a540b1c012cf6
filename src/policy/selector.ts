import type { PatternList } from '../image/pattern-index.ts';
import type { ImageReference } from '../image/reference.ts';
import type { ImageUse, Usage } from '../image/use.ts';
import type { NamePattern } from './name-pattern.ts';
import type { Review } from './review.ts';

/** A rule's `match` or `exclude`: fields are ANDed, the values of a field are ORed, and an absent field is true. */
export interface Selector {
  readonly images: PatternList | undefined;
  readonly usages: ReadonlySet<Usage> | undefined;
  readonly resources: ReadonlySet<string> | undefined;
  readonly namespaces: readonly NamePattern[] | undefined;
  readonly users: readonly NamePattern[] | undefined;
  readonly groups: readonly NamePattern[] | undefined;
}

/** Whether the selector's `images` match. The result depends on the image alone. */
export function selectsImage(selector: Selector, image: ImageReference): boolean {
  return selector.images === undefined || selector.images.matches(image);
}

/**
 * Whether all fields except `images` match. `unknown` is the result of a field whose value is not in the request. To find
 * out whether a rule applies, pass `true` for its `match` and `false` for its `exclude`. To find out whether it certainly
 * applies, pass the opposite.
 */
export function selectsPlace(selector: Selector, use: ImageUse, review: Review, unknown: boolean): boolean {
  return includes(selector.usages, use.usage, unknown) && selectsReview(selector, review, unknown);
}

/** The same without `usages`, so for all images of a review. */
export function selectsReview(selector: Selector, review: Review, unknown: boolean): boolean {
  const { user } = review;
  return (
    includes(selector.resources, review.resource, unknown) &&
    includesName(selector.namespaces, review.namespace, unknown) &&
    includesName(selector.users, user?.username, unknown) &&
    (selector.groups === undefined ||
      (user === undefined ? unknown : user.groups.some((group) => matchesAny(selector.groups, group))))
  );
}

function includes<Value>(
  allowed: ReadonlySet<Value> | undefined,
  value: Value | undefined,
  unknown: boolean,
): boolean {
  if (allowed === undefined) return true;
  return value === undefined ? unknown : allowed.has(value);
}

function includesName(
  patterns: readonly NamePattern[] | undefined,
  name: string | undefined,
  unknown: boolean,
): boolean {
  if (patterns === undefined) return true;
  return name === undefined ? unknown : matchesAny(patterns, name);
}

function matchesAny(patterns: readonly NamePattern[] | undefined, name: string): boolean {
  return patterns !== undefined && patterns.some((matches) => matches(name));
}
