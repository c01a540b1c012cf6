import type { Limits } from './limits.ts';
import type { LoopLag } from './loop-lag.ts';
import type { ShedReason } from '../telemetry/shed-reason.ts';

/** A review that has come whole. */
export interface QueuedReview {
  /** Length of its body. */
  readonly bytes: number;
  /** Nobody waits for its answer any more. */
  readonly isOver: boolean;
  /** Decides it and answers; a promise when that takes time. */
  readonly decide: () => void | Promise<void>;
  /** Refuses it unread. */
  readonly shed: (reason: ShedReason) => void;
}

export interface BacklogOptions {
  readonly limits: Pick<Limits, 'largeBytes' | 'queuedReviews' | 'queueMs' | 'sliceMs'>;
  readonly lag: Pick<LoopLag, 'at'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

interface Entry {
  readonly review: QueuedReview;
  readonly sinceMs: number;
}

/** For so long a large review waits for small ones. */
const PATIENCE_MS = 2000;

/**
 * Who is decided when. A small review is decided as it comes, as long as the loop keeps time; else it waits behind
 * those that came before. A large one is decided alone in its turn of the loop, since nothing else can happen meanwhile;
 * for as long as it took the loop then belongs to the others, to those as well that only open a connection.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #small: Entry[] = [];
  readonly #large: Entry[] = [];
  #nextLargeMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #undecided = 0;
  #isScheduled = false;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** Reviews that wait for their turn, or for what their decision needs. */
  get size(): number {
    return this.#small.length + this.#large.length + this.#undecided;
  }

  /** Decides a review now or in its turn, or sheds it: there are too many, or they have waited for too long. */
  take(review: QueuedReview): void {
    const { limits, lag, now } = this.#options;
    if (this.size >= limits.queuedReviews) return review.shed('queue');
    const nowMs = now();
    const isSmall = review.bytes <= limits.largeBytes;
    if (isSmall && this.#small.length === 0 && lag.at(nowMs) < limits.sliceMs) return this.#decide(review);
    if (isSmall && this.#isStale(this.#small[0], nowMs)) return review.shed('wait');
    (isSmall ? this.#small : this.#large).push({ review, sinceMs: nowMs });
    this.#schedule();
  }

  #isStale(entry: Entry | undefined, nowMs: number): boolean {
    return entry !== undefined && nowMs - entry.sinceMs > this.#options.limits.queueMs;
  }

  /** Comes back in the next turn of the loop, or when it is the turn of a large review. */
  #schedule(): void {
    if (this.#isScheduled) return;
    const waitMs = this.#nextLargeMs - this.#options.now();
    if (this.#small.length > 0 || (this.#large.length > 0 && waitMs <= 0)) {
      this.#isScheduled = true;
      setImmediate(() => this.#run());
    } else if (this.#large.length > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, waitMs);
    }
  }

  #run(): void {
    this.#isScheduled = false;
    try {
      this.#runSmall();
      if (this.#isTimeForLarge()) this.#runLarge();
    } finally {
      // Whatever throws must not leave the others waiting for ever.
      this.#schedule();
    }
  }

  /** Small ones go first, except that none of them is worth a caller of a large one who has waited for seconds. */
  #isTimeForLarge(): boolean {
    const [entry] = this.#large;
    const nowMs = this.#options.now();
    if (entry === undefined || nowMs < this.#nextLargeMs) return false;
    return this.#small.length === 0 || nowMs - entry.sinceMs > PATIENCE_MS;
  }

  #runSmall(): void {
    const { limits, now } = this.#options;
    const untilMs = now() + limits.sliceMs;
    let entry = this.#small.shift();
    while (entry !== undefined) {
      const nowMs = now();
      if (this.#isStale(entry, nowMs)) entry.review.shed('wait');
      else this.#decide(entry.review);
      entry = nowMs < untilMs ? this.#small.shift() : undefined;
    }
  }

  #runLarge(): void {
    const entry = this.#large.shift();
    if (entry === undefined) return;
    const beganMs = this.#options.now();
    this.#decide(entry.review);
    const endedMs = this.#options.now();
    this.#nextLargeMs = endedMs + (endedMs - beganMs);
  }

  #decide(review: QueuedReview): void {
    if (review.isOver) return;
    const deciding = review.decide();
    if (!(deciding instanceof Promise)) return;
    this.#undecided += 1;
    void deciding.finally(() => (this.#undecided -= 1));
  }
}
