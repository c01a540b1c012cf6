import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Gate } from './gate.ts';
import type { Weight } from './heavy-reviews.ts';

export interface HeavyOptions {
  readonly gate: Pick<Gate, 'port' | 'authority'>;
  readonly seed: number;
  /** Number of concurrent clients. Each sends its next review after an answer. */
  readonly lanes: number;
  readonly timeoutMs: number;
  readonly weights: readonly [Weight, ...Weight[]];
  /** The requests carry no `?timeout=`. */
  readonly secretly: boolean;
}

/** The results, counted as inside the window of a fault. */
export interface HeavyReport {
  readonly text: string;
  readonly sent: number;
  readonly right: number;
  readonly late: number;
  readonly failOpen: number;
  readonly faults: readonly string[];
}

/** Sends the largest legal reviews from another thread until it is stopped. */
export class HeavyTraffic implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #report: Promise<HeavyReport>;

  constructor({ gate: { port, authority }, ...options }: HeavyOptions) {
    const workerData: HeavyOptions = { gate: { port, authority }, ...options };
    this.#worker = new Worker(new URL('./heavy-worker.ts', import.meta.url), { workerData });
    this.#report = once(this.#worker, 'message').then(([report]) => report as HeavyReport);
    this.#report.catch(() => undefined);
  }

  stop(): Promise<HeavyReport> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage('stop');
    return this.#report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
