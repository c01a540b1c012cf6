import { createRandom, type Random, seedOfCase } from './random.ts';

/** The code under test of a fuzz run. Inputs are strings, so that a violation can be printed and repeated as JSON. */
export interface FuzzTarget {
  readonly name: string;
  readonly generate: (random: Random) => string;
  /**
   * The class of the input. The report counts the classes; there are few.
   *
   * @throws if the input violates a property, which ends the run.
   */
  readonly examine: (input: string) => string;
}

/** Which cases of which seed to run. */
export interface FuzzRange {
  readonly seed: number;
  /** @default 0 */
  readonly from?: number;
  readonly cases: number;
}

/** A violated property, and the input that repeats it. */
interface FuzzFind {
  readonly index: number;
  readonly input: string;
  readonly error: unknown;
}

/** The result of a run, which ends with the first violation. */
export interface FuzzReport {
  readonly cases: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly find: FuzzFind | undefined;
}

/** Runs the cases one after the other. The same range has the same inputs. */
export function fuzz(target: FuzzTarget, range: FuzzRange): FuzzReport {
  const { seed, from = 0, cases } = range;
  const outcomes = new Map<string, number>();
  for (let index = from; index < from + cases; index += 1) {
    const input = target.generate(createRandom(seedOfCase(seed, index)));
    try {
      const outcome = target.examine(input);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      return { cases: index - from + 1, outcomes, find: { index, input, error } };
    }
  }
  return { cases, outcomes, find: undefined };
}

/** The command that repeats one case. */
export function commandToRepeat(target: Pick<FuzzTarget, 'name'>, seed: number, index: number): string {
  return `npm run fuzz -- ${target.name} --seed ${seed} --from ${index} --cases 1`;
}
