import { Load } from '../end-to-end/support/load.ts';
import type { Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { labelledReviews, type LabelledReview } from './labelled-reviews.ts';
import type { Tally } from './tally.ts';

export interface TrafficOptions {
  /** The gate that gets the reviews. */
  readonly gate: Pick<Gate, 'port' | 'authority'>;
  readonly tally: Tally;
  readonly seed: number;
  /** Reviews per second. A review does not wait for the answers to earlier reviews. */
  readonly rate: number;
  /** @default 1 */
  readonly burst?: number;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** @default 200 */
  readonly maxInflight?: number;
  /** The requests carry no `?timeout=`. @default false */
  readonly secretly?: boolean;
  /** @default 1000 */
  readonly curiosityMs?: number;
  /** Each client has its own connections. The caller that made the client closes them. @default a new client */
  readonly clients?: readonly GoClient[];
  /** The reviews, which are repeated. @default 512 labelled reviews */
  readonly reviews?: readonly LabelledReview[];
}

/** Reviews that come at a fixed rate until they are stopped. */
export class Traffic extends Load implements Disposable {
  readonly #own: GoClient | undefined;

  constructor(options: TrafficOptions) {
    const { gate, tally, seed, rate, burst = 1, timeoutMs = 5000, maxInflight = 200 } = options;
    const { secretly = false, curiosityMs = 1000 } = options;
    const own = options.clients === undefined ? new GoClient(gate) : undefined;
    const clients = options.clients ?? [own];
    const reviews = options.reviews ?? labelledReviews(seed, 512);
    super({
      rate,
      burst,
      maxInflight,
      call: async (number) => {
        const [client, review] = [clients[number % clients.length], reviews[number % reviews.length]];
        return client && review && tally.ask({ client, review, timeoutMs, secretly, curiosityMs });
      },
    });
    this.#own = own;
  }

  [Symbol.dispose](): void {
    this.#own?.[Symbol.dispose]();
  }
}
