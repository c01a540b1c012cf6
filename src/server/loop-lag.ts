/** Interval of the measurements, in milliseconds. */
const INTERVAL_MS = 25;

/**
 * Measures how late the event loop is. Data may have waited in a socket while the loop was busy, and its arrival time is
 * unknown. The lateness of a timer of 25 ms is the longest possible wait, because each turn of the loop reads all sockets.
 */
export class LoopLag implements Disposable {
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #tickedMs: number;
  /** Lateness of the last tick. Data that arrived during that time is read only now. */
  #lateMs = 0;

  /** @param now monotonic, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#tickedMs = now();
    this.#timer = setInterval(() => this.tick(), INTERVAL_MS).unref();
  }

  tick(): void {
    const nowMs = this.#now();
    this.#lateMs = Math.max(0, nowMs - this.#tickedMs - 2 * INTERVAL_MS);
    this.#tickedMs = nowMs;
  }

  /** Longest possible wait of data that is read now, in milliseconds. 0 while the loop is on time. */
  at(nowMs: number): number {
    return this.#lateMs + Math.max(0, nowMs - this.#tickedMs - 2 * INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
