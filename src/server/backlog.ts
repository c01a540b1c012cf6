import type { ShedReason } from '../telemetry/shed-reviews.ts';
import type { Limits } from './limits.ts';
import type { LoopLag } from './loop-lag.ts';

/** A review whose body was received completely. */
export interface QueuedReview {
  /** Whether its body is long. */
  readonly isLong: boolean;
  /** Whether it may take long to decide: it is long, or it has many images. To count them takes time, too. */
  readonly isLarge: boolean;
  /** True if it needs no decision, because it is answered or its connection has closed. */
  readonly isOver: boolean;
  /** Decides the review and answers it. Returns a promise if the decision is a promise. */
  readonly decide: () => void | Promise<void>;
  /** Refuses the review without a decision. */
  readonly shed: (reason: ShedReason) => void;
}

interface BacklogOptions {
  readonly limits: Pick<Limits, 'queuedReviews' | 'queueMs' | 'sliceMs'>;
  readonly lag: Pick<LoopLag, 'at'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

interface Entry {
  readonly review: QueuedReview;
  readonly sinceMs: number;
}

/** Maximum time for which a large review waits while small ones are decided before it. */
const LARGE_WAIT_MS = 2000;

/**
 * Turns of the event loop between two slices of decisions. In each turn it accepts one connection, and reads what is in
 * the sockets. Without these turns, a connection would wait for as many slices as there are connections before it.
 */
const FREE_TURNS = 8;

/** The images of reviews are not counted before the decisions of a turn have taken this time. */
const UNCOUNTED_MS = 2;

/**
 * The order in which reviews are decided. A small review is decided immediately while the event loop is on time;
 * otherwise it waits behind earlier ones. At most one large review is decided in a turn of the event loop, because it
 * blocks everything else. After it the loop handles small reviews and new connections for as long as the large one took.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #small: Entry[] = [];
  readonly #large: Entry[] = [];
  #nextLargeMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #undecided = 0;
  #isScheduled = false;
  /** Turns of the event loop until the queue runs. */
  #freeTurns = 1;
  /** When this turn of the event loop decided its first review; `undefined` before that. */
  #turnBeganMs: number | undefined;
  readonly #endTurn = (): void => {
    this.#turnBeganMs = undefined;
  };

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** Number of reviews that wait for their turn or for a decision that is a promise. */
  get size(): number {
    return this.#small.length + this.#large.length + this.#undecided;
  }

  /** Decides a review now or in its turn. Sheds it if the queue is full, or if the first in it has waited for too long. */
  submit(review: QueuedReview): void {
    const { limits, lag, now } = this.#options;
    if (this.size >= limits.queuedReviews) return review.shed('queue');
    const nowMs = now();
    const isOnTime = this.#small.length === 0 && lag.at(nowMs) < limits.sliceMs;
    const tookMs = nowMs - (this.#turnBeganMs ?? nowMs);
    const isIdle = isOnTime && this.#large.length === 0 && tookMs < UNCOUNTED_MS;
    const isSmall = !(isIdle ? review.isLong : review.isLarge);
    if (isSmall && isOnTime && tookMs < limits.sliceMs) return this.#decideNow(review, nowMs);
    if (isSmall && this.#isStale(this.#small[0], nowMs)) return review.shed('wait');
    (isSmall ? this.#small : this.#large).push({ review, sinceMs: nowMs });
    this.#schedule();
  }

  #decideNow(review: QueuedReview, nowMs: number): void {
    if (this.#turnBeganMs === undefined) {
      this.#turnBeganMs = nowMs;
      setImmediate(this.#endTurn);
    }
    this.#decide(review);
  }

  #isStale(entry: Entry | undefined, nowMs: number): boolean {
    return entry !== undefined && nowMs - entry.sinceMs > this.#options.limits.queueMs;
  }

  /** Runs the queue in the next turn of the event loop, or when the next large review may be decided. */
  #schedule(): void {
    if (this.#isScheduled) return;
    const waitMs = this.#nextLargeMs - this.#options.now();
    if (this.#small.length > 0 || (this.#large.length > 0 && waitMs <= 0)) {
      this.#isScheduled = true;
      this.#runAfter(this.#freeTurns, this.#options.now());
    } else if (this.#large.length > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, waitMs);
    }
  }

  /** Fewer turns if they take a quarter of a slice. Otherwise reading new reviews would take the time of the queue. */
  #runAfter(turns: number, sinceMs: number): void {
    setImmediate(() => {
      const { limits, now } = this.#options;
      if (turns > 1 && now() - sinceMs < limits.sliceMs / 4) this.#runAfter(turns - 1, sinceMs);
      else this.#run();
    });
  }

  #run(): void {
    this.#isScheduled = false;
    const { limits, now } = this.#options;
    const beganMs = now();
    try {
      this.#runSmall();
      if (this.#isTimeForLarge()) this.#runLarge();
    } finally {
      this.#freeTurns = now() - beganMs < limits.sliceMs ? 1 : FREE_TURNS;
      // After an exception the other reviews still need their turn.
      this.#schedule();
    }
  }

  /** Small reviews are decided first, unless a large one has waited for {@link LARGE_WAIT_MS}. */
  #isTimeForLarge(): boolean {
    const [entry] = this.#large;
    const nowMs = this.#options.now();
    if (entry === undefined || nowMs < this.#nextLargeMs) return false;
    return this.#small.length === 0 || nowMs - entry.sinceMs > LARGE_WAIT_MS;
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
