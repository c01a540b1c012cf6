/** How often the loop is looked at when nothing holds it up. */
const INTERVAL_MS = 25;

/**
 * How late the event loop is. What is read from a socket has lain there for as long as the loop was busy elsewhere, and
 * nobody told its time of arrival; a clock that ought to tick every 25 ms gives the most that it can have been, since
 * each turn of the loop looks at all sockets.
 */
export class LoopLag implements Disposable {
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #tickedMs: number;
  /** How late the last tick was: what came during that time is read only now. */
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

  /** Milliseconds that what is read at this moment may have waited; 0 while the loop keeps time. */
  at(nowMs: number): number {
    return this.#lateMs + Math.max(0, nowMs - this.#tickedMs - 2 * INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
