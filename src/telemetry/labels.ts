import { Counter, type CounterConfiguration } from 'prom-client';

/** The label of all values above the limit. */
export const OTHER = 'other';

const MAX_CHARACTERS = 256;

/**
 * Limits the values of a label that a requester or a policy can invent: the first `limit` values are kept, all others
 * become `other`. A series takes memory for as long as the process lives (CVE-2026-49835).
 */
export class BoundedLabels {
  readonly #known = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  labelOf(value: string): string {
    const text = value.length > MAX_CHARACTERS ? value.slice(0, MAX_CHARACTERS) : value;
    if (this.#known.has(text)) return text;
    if (this.#known.size >= this.#limit) return OTHER;
    this.#known.add(text);
    return text;
  }
}

/**
 * A counter that is updated only when the metrics are read. Finding a series of prom-client by its labels costs as much
 * as a decision, so it is not done for each review.
 */
export class Tally<Label extends string> {
  /** By the label values, in the order of the label names: counts that the counter does not contain yet. */
  readonly #counts = new Map<string, number>();

  constructor(configuration: CounterConfiguration<Label>) {
    const counter: Counter<Label> = new Counter({
      ...configuration,
      collect: () => this.#settle(counter, configuration.labelNames ?? []),
    });
  }

  /** Adds one. The key is the label values, in the order of the label names, separated by line breaks. */
  add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #settle(counter: Counter<Label>, names: readonly Label[]): void {
    for (const [key, count] of this.#counts) {
      const values = key.split('\n');
      const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
      counter.inc(labels as Record<Label, string>, count);
    }
    this.#counts.clear();
  }
}
