/** No answer for so long means that the gate, or this process, has no processor. */
const STALL_MS = 200;
/** What waited meanwhile is worked off in so long. */
const AFTERMATH_MS = 1000;
/** A caller that waits so long for a refusal has waited out a stall. */
const LONG_WAIT_MS = 400;

/**
 * Moments at which a gate under closed-loop load sent no answer. A machine that is busy with others makes them; in
 * them a refusal because nothing could be decided in time is no fault, though it is counted.
 */
export class Stalls {
  #lastMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #longestMs = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** No review was sent until now. */
  resume(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** An answer has come, for which its caller waited so long; whether a stall explains that nothing was decided. */
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
