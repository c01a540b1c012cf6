import { createRandom, seedOfCase } from '../fuzz/random.ts';
import type { FuzzRange, FuzzReport } from '../fuzz/target.ts';
import { yamlText } from '../fuzz/yaml-texts.ts';
import { compareManifest } from './manifest-comparison.ts';
import type { ManifestAnswer, ManifestReaders } from './manifest-readers.ts';

const BATCH = 5000;

/**
 * Compares what `check` and kubectl read in generated texts. If both read a text, they read the same documents. If only
 * `check` refuses it, the reason is a documented one, or kubectl ignores the rest of the text. The run ends with the first
 * violation.
 */
export async function manifestDifferential(range: FuzzRange, ask: ManifestReaders): Promise<FuzzReport> {
  const { seed, from = 0, cases } = range;
  const outcomes = new Map<string, number>();
  for (let start = from; start < from + cases; start += BATCH) {
    const length = Math.min(BATCH, from + cases - start);
    const texts = Array.from({ length }, (_, offset) =>
      // JSON cannot carry half of a pair to Go.
      yamlText(createRandom(seedOfCase(seed, start + offset))).toWellFormed(),
    );
    const answers = ask(texts);
    for (const [offset, input] of texts.entries()) {
      try {
        const outcome = await compareManifest(input, answers[offset] as ManifestAnswer);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } catch (error) {
        const index = start + offset;
        return { cases: index - from + 1, outcomes, find: { index, input, error } };
      }
    }
  }
  return { cases, outcomes, find: undefined };
}
