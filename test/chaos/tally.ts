import { ExchangeError, type GoClient, type Reply } from './go-client.ts';
import type { LabelledReview } from './labelled-reviews.ts';
import { judge } from '../oracle/judge.ts';

/** Faults of the answer to a review. */
const FINDS = ['failOpen', 'wrongDeny', 'late', 'noAnswer', 'badShape'] as const;

type Find = (typeof FINDS)[number];

/** Denials because of the state of the gate, and requests that were rejected before they were reviews. */
const STRAINS = ['OVERLOADED', 'DEADLINE', 'INTERNAL', 'turnedAway'] as const;

type Strain = (typeof STRAINS)[number];

/** Outside the window of a fault every finding counts. Inside, strains and some findings are expected. */
type Window = 'inside' | 'outside';

type Counts = Record<Find | Strain | 'sent' | 'right', number>;

/** A review and how it is sent. */
interface Question {
  readonly client: GoClient;
  readonly review: LabelledReview;
  /** The `?timeout=` of the request. The caller gives up after this time. */
  readonly timeoutMs: number;
  /** The request carries no `?timeout=`. @default false */
  readonly secretly?: boolean;
  /** How long the caller stays beyond its timeout, to measure late answers. @default 1000 */
  readonly curiosityMs?: number;
}

/** Counts the answers to reviews with a known verdict, inside and outside the windows of faults. */
export class Tally {
  readonly #counts = { inside: zero(), outside: zero() };
  readonly #firsts = new Map<string, string>();
  readonly #latencies: Record<Window, number[]> = { inside: [], outside: [] };
  readonly #strained: number[] = [];
  #faulty = false;
  /** Called for each review without an answer. */
  onNoAnswer: (error: unknown) => void = () => undefined;

  /** A review that begins or ends while this is set counts as inside the window. */
  set faulty(value: boolean) {
    this.#faulty = value;
  }

  /** Sends a review and counts its answer. Resolves with the fault, or with `undefined`. */
  async ask({
    client,
    review,
    timeoutMs,
    secretly = false,
    curiosityMs = 1000,
  }: Question): Promise<Find | undefined> {
    const startedMs = performance.now();
    const begunInside = this.#faulty;
    const path = secretly ? review.path : `${review.path}?timeout=${timeoutMs}ms`;
    const windowNow = (): Window => (begunInside || this.#faulty ? 'inside' : 'outside');
    try {
      const reply = await client.post(path, review.body, timeoutMs + curiosityMs);
      const took = performance.now() - startedMs;
      return this.#count(windowNow(), review, reply, took, took > timeoutMs);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      this.onNoAnswer(error);
      return this.#found(windowNow(), 'noAnswer', error.code);
    }
  }

  /** Adds the counts of another tally. */
  add(other: Tally): void {
    for (const window of ['inside', 'outside'] as const) {
      for (const [of, count] of Object.entries(other.#counts[window]))
        this.#counts[window][of as keyof Counts] += count;
      this.#latencies[window].push(...other.#latencies[window]);
    }
    for (const [find, what] of other.#firsts) if (!this.#firsts.has(find)) this.#firsts.set(find, what);
    this.#strained.push(...other.#strained);
  }

  /** All reviews of one window, or of both. */
  count(of: Find | Strain | 'sent' | 'right', ...windows: readonly Window[]): number {
    const chosen: readonly Window[] = windows.length === 0 ? ['inside', 'outside'] : windows;
    return chosen.reduce((sum, window) => sum + this.#counts[window][of], 0);
  }

  /**
   * The latency in milliseconds below which this share of the correct answers of a window stayed: 0.99 for the 99th
   * percentile.
   */
  latency(window: Window, share: number): number {
    return quantile(this.#latencies[window], share);
  }

  /** The same for denials because of a strain. */
  strainedLatency(share: number): number {
    return quantile(this.#strained, share);
  }

  /**
   * The faults that are not excused: all faults of `outside`, and the faults of `inside` that the fault does not
   * explain.
   */
  faults(excused: readonly Find[] = ['late', 'noAnswer']): string[] {
    const found = (window: Window, find: Find): string[] => {
      const count = this.#counts[window][find];
      return count === 0 ? [] : [`${find} ${count} ${window} (${this.#firsts.get(window + find)})`];
    };
    return FINDS.flatMap((find) => [
      ...found('outside', find),
      ...(excused.includes(find) ? [] : found('inside', find)),
    ]);
  }

  toString(): string {
    const windows = (['outside', 'inside'] as const).filter((window) => this.#counts[window].sent > 0);
    return windows.map((window) => `${window} ${renderCounts(this.#counts[window])}`).join('; ');
  }

  #count(
    window: Window,
    review: LabelledReview,
    reply: Reply,
    tookMs: number,
    late: boolean,
  ): Find | undefined {
    if (late) this.#found(window, 'late', `${tookMs.toFixed(0)} ms`, false);
    const isInside = window === 'inside';
    if (isInside && reply.status >= 400 && reply.status < 500)
      return this.#strain(window, 'turnedAway', tookMs);
    const { outcome, fault, detail } = judge(review.testCase, { ...reply, elapsedMs: 0 }, isInside);
    if (fault !== undefined)
      return this.#found(window, fault, `${detail ?? ''} ${reply.status} ${reply.body.slice(0, 300)}`);
    const strain = STRAINS.find((code) => reply.body.includes(`"${code}: `));
    if (outcome === 'failed') return this.#strain(window, strain ?? 'INTERNAL', tookMs);
    this.#counts[window].sent += 1;
    this.#counts[window].right += 1;
    this.#latencies[window].push(tookMs);
    return late ? 'late' : undefined;
  }

  #strain(window: Window, strain: Strain, tookMs: number): undefined {
    this.#counts[window][strain] += 1;
    this.#counts[window].sent += 1;
    this.#strained.push(tookMs);
  }

  #found(window: Window, find: Find, what: string, isWhole = true): Find {
    this.#counts[window][find] += 1;
    if (isWhole) this.#counts[window].sent += 1;
    if (!this.#firsts.has(window + find)) this.#firsts.set(window + find, what);
    return find;
  }
}

function zero(): Counts {
  return {
    sent: 0,
    right: 0,
    failOpen: 0,
    wrongDeny: 0,
    late: 0,
    noAnswer: 0,
    badShape: 0,
    OVERLOADED: 0,
    DEADLINE: 0,
    INTERNAL: 0,
    turnedAway: 0,
  };
}

function renderCounts(counts: Counts): string {
  const finds = FINDS.map((find) => `${find} ${counts[find]}`);
  const strains = STRAINS.filter((strain) => counts[strain] > 0).map(
    (strain) => `${strain} ${counts[strain]}`,
  );
  return `${counts.sent} sent: ${[...finds, ...strains].join(', ')}`;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
