import type { ImagePattern } from '../image/pattern.ts';
import { matchesImage } from '../image/pattern.ts';
import type { ImageReference } from '../image/reference.ts';
import type { ImageUse, Usage } from '../image/use.ts';
import type { NamePattern } from './name-pattern.ts';
import type { Review } from './review.ts';

/** A rule's `match` or `exclude`: fields are ANDed, the values of a field ORed; a field that is absent holds. */
export interface Selector {
  readonly images: readonly ImagePattern[] | undefined;
  readonly usages: ReadonlySet<Usage> | undefined;
  readonly resources: ReadonlySet<string> | undefined;
  readonly namespaces: readonly NamePattern[] | undefined;
  readonly users: readonly NamePattern[] | undefined;
  readonly groups: readonly NamePattern[] | undefined;
}

/** Whether the selector's `images` hold, which depends on nothing but the image. */
export function selectsImage(selector: Selector, image: ImageReference): boolean {
  return selector.images === undefined || selector.images.some((pattern) => matchesImage(pattern, image));
}

/**
 * Whether everything but `images` holds. A fact that the protocol does not carry counts as `unknown`. Asked
 * whether a rule applies, that is `true` in a `match` and `false` in an `exclude`, so that nothing is let off;
 * asked whether it surely does, the other way round.
 */
export function selectsPlace(selector: Selector, use: ImageUse, review: Review, unknown: boolean): boolean {
  const { user } = review;
  return (
    holds(selector.usages, use.usage, unknown) &&
    holds(selector.resources, review.resource, unknown) &&
    holdsName(selector.namespaces, review.namespace, unknown) &&
    holdsName(selector.users, user?.username, unknown) &&
    (selector.groups === undefined ||
      (user === undefined ? unknown : user.groups.some((group) => matchesAny(selector.groups, group))))
  );
}

function holds<Value>(
  allowed: ReadonlySet<Value> | undefined,
  value: Value | undefined,
  unknown: boolean,
): boolean {
  if (allowed === undefined) return true;
  return value === undefined ? unknown : allowed.has(value);
}

function holdsName(
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
