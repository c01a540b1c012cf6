import type { ProtocolName } from './decision-log.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ShedReason } from './shed-reason.ts';

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
