/** If no answer comes for this time, the gate or this process did not run on a processor. */
const STALL_MS = 200;
/** The backlog of a stall is processed in this time. */
const AFTERMATH_MS = 1000;
/** A caller that waits this long for a refusal has waited through a stall. */
const LONG_WAIT_MS = 400;

/**
 * Moments at which a gate under closed-loop load sent no answer. They occur if the machine is busy with other
 * processes. During a stall a refusal because nothing could be decided in time is not a fault, but it is counted.
 */
export class Stalls {
  #lastMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #longestMs = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** No review was sent before this moment. */
  resume(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /**
   * An answer has arrived after its caller waited for this time. Returns whether a stall explains that nothing was
   * decided.
   */
  answered(nowMs: number, elapsedMs: number): boolean {
    const gapMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (gapMs >= STALL_MS) {
      this.#count += 1;
      this.#longestMs = Math.max(this.#longestMs, gapMs);
      this.#untilMs = nowMs + AFTERMATH_MS;
    }
    return nowMs <= this.#untilMs || elapsedMs >= LONG_WAIT_MS;
  }

  toString(): string {
    return `${this.#count} moments of ${STALL_MS} ms or more without an answer, the longest ${this.#longestMs.toFixed(0)} ms`;
  }
}
