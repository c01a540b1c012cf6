import type { FailureCode } from '../policy/decision.ts';

/**
 * Why a review is refused unread: too many waited; it, or those before it, waited for too long; its body found no room
 * beside the others; its caller's time was over; something broke, and nothing is decided any more.
 */
export const SHED_REASONS = ['queue', 'wait', 'receiving', 'deadline', 'failure'] as const;

export type ShedReason = (typeof SHED_REASONS)[number];

/** The code that the refusal bears. */
export const SHED_CODES = {
  queue: 'OVERLOADED',
  wait: 'OVERLOADED',
  receiving: 'OVERLOADED',
  deadline: 'DEADLINE',
  failure: 'INTERNAL',
} as const satisfies Record<ShedReason, FailureCode>;
