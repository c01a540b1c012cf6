import { performance } from 'node:perf_hooks';

/** One call. Resolves with the fault, or with `undefined`. */
export type Call = (number: number) => Promise<string | undefined>;

/** The input of a load generator. */
interface LoadOptions {
  readonly call: Call;
  /** Calls per second. A call does not wait for earlier calls. */
  readonly rate: number;
  /** This number of calls starts at the same moment; the average rate is the same. @default 1 */
  readonly burst?: number;
  /** Maximum number of calls without an answer. A call above this limit is not sent, and is counted. */
  readonly maxInflight: number;
}

/** The result of a load. */
export interface LoadReport {
  readonly calls: number;
  /** Calls that were due but not sent, because too many calls had no answer. */
  readonly shed: number;
  readonly failures: readonly string[];
  readonly seconds: number;
  /** The slowest answer, in milliseconds. */
  readonly slowestMs: number;
}

/** Sends calls in an open loop until `stop`. */
export class Load {
  readonly #options: LoadOptions;
  readonly #startMs = performance.now();
  readonly #failures: string[] = [];
  readonly #waiting = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #calls = 0;
  #shed = 0;
  #slowestMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#send(), 5);
  }

  /** Number of failed calls so far. */
  get failed(): number {
    return this.#failures.length;
  }

  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer);
    const seconds = (performance.now() - this.#startMs) / 1000;
    await Promise.all(this.#waiting);
    return {
      calls: this.#calls,
      shed: this.#shed,
      failures: this.#failures,
      seconds,
      slowestMs: this.#slowestMs,
    };
  }

  #send(): void {
    const { rate, burst = 1 } = this.#options;
    const due = Math.floor((((performance.now() - this.#startMs) / 1000) * rate) / burst) * burst;
    while (this.#calls + this.#shed < due) {
      if (this.#waiting.size >= this.#options.maxInflight) this.#shed += 1;
      else this.#begin();
    }
  }

  #begin(): void {
    this.#calls += 1;
    const answered = this.#answer().finally(() => this.#waiting.delete(answered));
    this.#waiting.add(answered);
  }

  async #answer(): Promise<void> {
    const startedMs = performance.now();
    const failure = await this.#options.call(this.#calls).catch(describe);
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedMs);
    if (failure !== undefined) this.#failures.push(failure);
  }
}

/** Calls of several callers, each of which makes one call after the other, for a given time. */
export async function measureRate(call: Call, callers: number, milliseconds: number): Promise<number> {
  const startMs = performance.now();
  let calls = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - startMs < milliseconds) {
      calls += 1;
      const failure = await call(calls);
      if (failure !== undefined) throw new Error(`call ${calls}: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
  return (calls * 1000) / (performance.now() - startMs);
}

/** One line for the log of a test. */
export function renderLoad({ calls, shed, failures, seconds, slowestMs }: LoadReport): string {
  const counts = `${calls} calls in ${seconds.toFixed(1)} s (${(calls / seconds).toFixed(0)}/s), ${failures.length} failed, ${shed} not sent`;
  return `${counts}, slowest ${slowestMs.toFixed(0)} ms${failures[0] === undefined ? '' : `; first failure: ${failures[0]}`}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
