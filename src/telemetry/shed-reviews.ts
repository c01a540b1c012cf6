import type { FailureCode } from '../policy/decision.ts';
import type { ProtocolName } from './decision-log.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

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

const LINE_MS = 1000;

/** Counts reviews that were refused unread, each of them, and tells of them once a second at most. */
export function shedReviews(
  log: Pick<Log, 'write'>,
  metrics: Pick<Metrics, 'countShed'>,
): (protocol: ProtocolName, reason: ShedReason) => void {
  let untold = new Map<ShedReason, number>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    if (untold.size === 0) return;
    const reviews = Object.fromEntries(untold);
    untold = new Map();
    timer = setTimeout(tell, LINE_MS).unref();
    log.write('warn', 'reviews refused unread', { reviews });
  };
  return (protocol, reason) => {
    metrics.countShed(protocol, reason);
    untold.set(reason, (untold.get(reason) ?? 0) + 1);
    if (timer === undefined) tell();
  };
}
