import { Load } from '../end-to-end/load.ts';
import type { Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { labelledReviews } from './labelled-reviews.ts';
import type { Tally } from './tally.ts';

export interface TrafficOptions {
  /** Where to ask. */
  readonly gate: Pick<Gate, 'port' | 'authority'>;
  readonly tally: Tally;
  readonly seed: number;
  /** Reviews a second, begun whether those before have been answered or not. */
  readonly rate: number;
  /** @default 1 */
  readonly burst?: number;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** @default 200 */
  readonly maxInflight?: number;
  /** The gate is not told the timeout. @default false */
  readonly secretly?: boolean;
}

/** Reviews that come at a fixed rate until they are stopped. */
export class Traffic extends Load implements Disposable {
  readonly client: GoClient;

  constructor(options: TrafficOptions) {
    const { gate, tally, seed, rate, burst = 1, timeoutMs = 5000, maxInflight = 200 } = options;
    const client = new GoClient(gate);
    const reviews = labelledReviews(seed, 512);
    super({
      rate,
      burst,
      maxInflight,
      call: async (number) => {
        const review = reviews[number % reviews.length];
        return review && tally.ask({ client, review, timeoutMs, secretly: options.secretly ?? false });
      },
    });
    this.client = client;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}
