import { Counter, type CounterConfiguration } from 'prom-client';

/**
 * A counter that is told when it is read. To find a series by its labels costs as much as to decide, and that
 * many times a second is too often.
 */
export class Tally<Label extends string> {
  /** By the values of the labels, in the order of their names; what the counter has not been told yet. */
  readonly #counts = new Map<string, number>();

  constructor(configuration: CounterConfiguration<Label>) {
    const counter: Counter<Label> = new Counter({
      ...configuration,
      collect: () => this.#settle(counter, configuration.labelNames ?? []),
    });
  }

  /** One more with these values, in the order of the labels' names, a line break between them. */
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
