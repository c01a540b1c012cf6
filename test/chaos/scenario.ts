import type { Tally } from './tally.ts';
import type { Stand } from './gate.ts';

/** The input of a scenario. */
export interface Chaos {
  readonly seed: number;
  /** A slice for CI instead of the whole. */
  readonly quick: boolean;
  readonly stand: Stand;
}

/** What came of one run. */
export interface Trial {
  /** For people. */
  readonly numbers: string;
  /** What should not have been; empty when the goal was reached. */
  readonly faults: readonly string[];
  /** Bad reviews that were admitted: none, whatever the fault and whatever is switched off. */
  readonly failOpen: number;
}

/** A fault that the gate has to survive, and proof that the harness would notice if it did not. */
export interface Scenario {
  /** As the command line names it: `R8`. */
  readonly id: string;
  readonly title: string;
  readonly goal: string;
  readonly run: (chaos: Chaos) => Promise<Trial>;
  /** The same with the protection switched off. It must show faults. */
  readonly control: { readonly title: string; readonly run: (chaos: Chaos) => Promise<Trial> };
}

/** A trial from what was counted, and further faults. */
export function trialOf(tally: Tally, numbers: string, faults: readonly (string | undefined)[]): Trial {
  return {
    numbers: `${numbers}; ${String(tally)}`,
    faults: faults.filter((fault) => fault !== undefined),
    failOpen: tally.count('failOpen'),
  };
}

/** The sentence when something is not as it has to be. */
export function unless(condition: boolean, sentence: string): string | undefined {
  return condition ? undefined : sentence;
}
