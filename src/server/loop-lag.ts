/** Interval of the measurements, in milliseconds. */
const INTERVAL_MS = 25;

/**
 * The longest wait of a connection that is assumed. While every turn accepts one connection, the wait cannot be measured: it
 * may be short, although no turn shows it. A longer assumption would refuse reviews that are in time.
 */
const LONGEST_WAIT_MS = 2000;

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
  readonly #countTurns: () => number;
  #turns: number;
  #accepted = 0;
  /** Every connection that was opened before this time was accepted. */
  #acceptedAllMs: number;

  /**
   * @param now monotonic, in milliseconds
   * @param countTurns the number of turns of the event loop since the start
   */
  constructor(now: () => number, countTurns = () => performance.nodeTiming.uvMetricsInfo.loopCount) {
    this.#now = now;
    this.#tickedMs = now();
    this.#countTurns = countTurns;
    this.#turns = countTurns();
    this.#acceptedAllMs = this.#tickedMs;
    this.#timer = setInterval(() => this.tick(), INTERVAL_MS).unref();
  }

  tick(): void {
    const nowMs = this.#now();
    this.#lateMs = Math.max(0, nowMs - this.#tickedMs - 2 * INTERVAL_MS);
    const turns = this.#countTurns();
    if (this.#accepted < turns - this.#turns) this.#acceptedAllMs = this.#tickedMs;
    this.#turns = turns;
    this.#accepted = 0;
    this.#tickedMs = nowMs;
  }

  /** Longest possible wait of data that is read now, in milliseconds. 0 while the loop is on time. */
  at(nowMs: number): number {
    return this.#lateMs + Math.max(0, nowMs - this.#tickedMs - 2 * INTERVAL_MS);
  }

  /**
   * Counts a connection that was accepted now, and returns when it may have been opened. The loop accepts one connection in
   * each turn, so the others wait in the kernel. None waits if a turn accepted no connection.
   */
  countAccepted(nowMs: number): number {
    this.#accepted += 1;
    return Math.min(nowMs, Math.max(nowMs - LONGEST_WAIT_MS, this.#acceptedAllMs + 2 * INTERVAL_MS));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
