import type { ProtocolName } from '../admission/exchange.ts';
import { renderOutcome } from './decision-log.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { type ClientRefusal, refusedClients } from './refused-clients.ts';
import { shedReviews, type ShedReason } from './shed-reviews.ts';

interface RecorderOptions {
  readonly log: Pick<Log, 'write' | 'batch'>;
  readonly metrics: Pick<
    Metrics,
    'countOutcome' | 'countRejection' | 'countShed' | 'countLate' | 'countRefusedClient'
  >;
}

/** Writes each outcome to the log and to the metrics. */
export interface Recorder {
  /** Keeps an outcome for the next batch, which is written within 50 ms. */
  readonly record: (outcome: Outcome) => void;
  /** Counts a request that was refused before it became a review. */
  readonly reject: (code: string) => void;
  /** Counts a client that could not connect, because of its certificate. The log has one line for many of them. */
  readonly refuseClient: (refusal: ClientRefusal) => void;
  /** Counts a review that was refused without a decision. The log has one line for many of them. */
  readonly shed: (protocol: ProtocolName, reason: ShedReason) => void;
  /** Counts a review whose answer came after the timeout of its caller, or not at all. */
  readonly answerLate: (protocol: ProtocolName) => void;
  /** Writes the current batch. Call it before metrics are read, and before the process ends. */
  readonly flush: () => void;
}

/**
 * A single line written to a pipe costs as much as the rest of a review; in a batch of 16 it costs a quarter of that. A
 * batch of 64 saves 2 µs more, but takes a third more memory and doubles the 99th percentile of the latency.
 */
const BATCH_OUTCOMES = 16;
const BATCH_MS = 50;

/** A recorder that writes in batches, after the answers were sent. */
export function createRecorder({ log, metrics }: RecorderOptions): Recorder {
  let outcomes: Outcome[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = outcomes;
    outcomes = [];
    log.batch(() => {
      for (const outcome of batch) write(log, metrics, outcome);
    });
  };
  return {
    record(outcome) {
      outcomes.push(outcome);
      if (outcomes.length >= BATCH_OUTCOMES) flush();
      else timer ??= setTimeout(flush, BATCH_MS).unref();
    },
    reject: (code) => metrics.countRejection(code),
    refuseClient: refusedClients(log, metrics),
    shed: shedReviews(log, metrics),
    answerLate: (protocol) => metrics.countLate(protocol),
    flush,
  };
}

function write(log: RecorderOptions['log'], metrics: RecorderOptions['metrics'], outcome: Outcome): void {
  metrics.countOutcome(outcome);
  const level = outcome.decision.outcome === 'failed' ? 'error' : 'info';
  log.write(level, 'decision', renderOutcome(outcome), outcome.at);
}
