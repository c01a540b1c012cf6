import type { Tally } from './tally.ts';
import type { Stand } from './gate.ts';

/** The input of a scenario. */
export interface Chaos {
  readonly seed: number;
  /** Runs a short version for CI. */
  readonly quick: boolean;
  readonly stand: Stand;
}

/** The result of one run. */
export interface Trial {
  /** Numbers for the report. */
  readonly numbers: string;
  /** The faults that were found; empty if the scenario passed. */
  readonly faults: readonly string[];
  /** Bad reviews that were admitted. Must be 0 in every run, controls included. */
  readonly failOpen: number;
}

/** A fault that the gate must survive, and a control that shows that the harness detects a failure. */
export interface Scenario {
  /** The name on the command line: `R8`. */
  readonly id: string;
  readonly title: string;
  readonly goal: string;
  readonly run: (chaos: Chaos) => Promise<Trial>;
  /** The same scenario with the protection switched off. It must show faults. */
  readonly control: { readonly title: string; readonly run: (chaos: Chaos) => Promise<Trial> };
}

/** Makes a trial from the counts and further faults. */
export function trialOf(tally: Tally, numbers: string, faults: readonly (string | undefined)[]): Trial {
  return {
    numbers: `${numbers}; ${String(tally)}`,
    faults: faults.filter((fault) => fault !== undefined),
    failOpen: tally.count('failOpen'),
  };
}

/** The sentence if the condition is false. */
export function unless(condition: boolean, sentence: string): string | undefined {
  return condition ? undefined : sentence;
}
