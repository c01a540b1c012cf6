import type { PlacedViolation } from './result.ts';
import type { Totals } from './totals.ts';

/**
 * What makes the command fail besides refused objects and files that cannot be read: `deny` nothing else, `warn`
 * violations that only warn, `unread` objects that were not understood.
 */
export const FAIL_KINDS = ['deny', 'warn', 'unread'] as const;

export type FailKind = (typeof FAIL_KINDS)[number];

/** Whether a violation makes the command fail. */
export function isFailing({ actions, isAccepted }: PlacedViolation, failOn: readonly FailKind[]): boolean {
  if (isAccepted === true) return false;
  return actions.includes('Deny') || (failOn.includes('warn') && actions.includes('Warn'));
}

/** 2 if something was not judged, otherwise 1 if something fails, otherwise 0. */
export function exitCodeOf(totals: Totals, failOn: readonly FailKind[]): 0 | 1 | 2 {
  const { refused, warnings, unread, notUnderstood } = totals;
  if (unread > 0 || (failOn.includes('unread') && notUnderstood > 0)) return 2;
  return refused > 0 || (failOn.includes('warn') && warnings > 0) ? 1 : 0;
}
