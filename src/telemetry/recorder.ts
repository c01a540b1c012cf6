import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import type { Stage } from '../policy/stage.ts';
import { type ProtocolName, renderDecision, type ReviewFacts } from './decision-log.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ShedReason } from './shed-reason.ts';
import { shedReviews } from './shed-reviews.ts';

export interface RecorderOptions {
  readonly log: Pick<Log, 'write' | 'batch'>;
  readonly metrics: Pick<Metrics, 'countDecision' | 'countRejection' | 'countShed'>;
  readonly now: () => Date;
}

/** Decision → one log line and the counters. */
export interface Recorder {
  /** Keeps a decision for the next batch, which is at most 50 ms away. Below stage `deny` it refused nothing. */
  readonly record: (
    review: Review,
    decision: Decision,
    protocol: ProtocolName,
    durationMs: number,
    stage: Stage,
  ) => void;
  /** Counts a request that never became a review. */
  readonly reject: (code: string) => void;
  /** Counts a review that was refused unread; the log tells of all of them together. */
  readonly shed: (protocol: ProtocolName, reason: ShedReason) => void;
  /** Writes what is kept: before metrics are read, and before the process ends. */
  readonly flush: () => void;
}

interface Entry {
  readonly at: Date;
  readonly review: ReviewFacts;
  readonly decision: Decision;
  readonly protocol: ProtocolName;
  readonly durationMs: number;
  readonly stage: Stage;
}

/**
 * A line written alone to a pipe costs as much as the rest of a review, in a batch of 16 a quarter of that. A batch of 64
 * saves 2 µs more, and costs a third more memory and twice the 99th percentile.
 */
const BATCH_ENTRIES = 16;
const BATCH_MS = 50;

/** A recorder that works in batches, off the path of the answers. */
export function createRecorder({ log, metrics, now }: RecorderOptions): Recorder {
  let entries: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = entries;
    entries = [];
    log.batch(() => {
      for (const entry of batch) writeEntry(log, metrics, entry);
    });
  };
  return {
    record(review, decision, protocol, durationMs, stage) {
      entries.push({ at: now(), review: factsOf(review), decision, protocol, durationMs, stage });
      if (entries.length >= BATCH_ENTRIES) flush();
      else timer ??= setTimeout(flush, BATCH_MS).unref();
    },
    reject: (code) => metrics.countRejection(code),
    shed: shedReviews(log, metrics),
    flush,
  };
}

/** Sixteen large objects that wait for the log would be more than the gate may hold. */
function factsOf(review: Review): ReviewFacts {
  const { uid, operation, dryRun, user, namespace, resource, subresource, object } = review;
  return { uid, operation, dryRun, user, namespace, resource, subresource, object };
}

function writeEntry(log: RecorderOptions['log'], metrics: RecorderOptions['metrics'], entry: Entry): void {
  const { at, review, decision, protocol, durationMs, stage } = entry;
  metrics.countDecision(review, decision, protocol, durationMs, stage);
  const level = decision.outcome === 'failed' ? 'error' : 'info';
  log.write(level, 'decision', renderDecision(review, decision, protocol, durationMs, stage), at);
}
