import type { ProtocolName } from '../admission/exchange.ts';
import type { FailureCode } from '../policy/decision.ts';
import type { Log } from './log.ts';

/**
 * Why a review is refused without a decision: `queue`: too many reviews wait; `wait`: it, or the reviews before it, waited
 * for too long; `receiving`: there is no memory for its body; `deadline`: the time of its caller is over; `failure`: the
 * server has failed unexpectedly and decides nothing more.
 */
export const SHED_REASONS = ['queue', 'wait', 'receiving', 'deadline', 'failure'] as const;

export type ShedReason = (typeof SHED_REASONS)[number];

/** The code in the refusal. */
export const SHED_CODES = {
  queue: 'OVERLOADED',
  wait: 'OVERLOADED',
  receiving: 'OVERLOADED',
  deadline: 'DEADLINE',
  failure: 'INTERNAL',
} as const satisfies Record<ShedReason, FailureCode>;

type CountShed = (protocol: ProtocolName, reason: ShedReason) => void;

const LINE_MS = 1000;

/** Counts each shed review in the metrics, and logs their numbers at most once a second. */
export function shedReviews(log: Pick<Log, 'write'>, metrics: { readonly countShed: CountShed }): CountShed {
  let unlogged = new Map<ShedReason, number>();
  let timer: NodeJS.Timeout | undefined;
  const writeLine = (): void => {
    timer = undefined;
    if (unlogged.size === 0) return;
    const reviews = Object.fromEntries(unlogged);
    unlogged = new Map();
    timer = setTimeout(writeLine, LINE_MS).unref();
    log.write('warn', 'reviews refused without a decision', { reviews });
  };
  return (protocol, reason) => {
    metrics.countShed(protocol, reason);
    unlogged.set(reason, (unlogged.get(reason) ?? 0) + 1);
    if (timer === undefined) writeLine();
  };
}
