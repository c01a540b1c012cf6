import type { FuzzRange, FuzzReport } from '../fuzz/target.ts';
import { createRandom, seedOfCase } from '../fuzz/random.ts';
import { compareServer, examineServer, PKI } from './server-comparison.ts';
import { plausibleServer } from './server-files.ts';
import type { ServerAnswer, ServerReaders } from './server-readers.ts';

const BATCH = 5000;

/**
 * Compares what doctor says about generated files of an API server with what kube-apiserver does with them: whether it
 * starts, and the settings that it then has. The run ends with the first difference.
 */
export async function serverDifferential(range: FuzzRange, ask: ServerReaders): Promise<FuzzReport> {
  const { seed, from = 0, cases } = range;
  const outcomes = new Map<string, number>();
  for (let start = from; start < from + cases; start += BATCH) {
    const length = Math.min(BATCH, from + cases - start);
    const inputs = Array.from({ length }, (_, offset) =>
      plausibleServer(createRandom(seedOfCase(seed, start + offset))),
    );
    const answers = ask(inputs.map((input) => ({ ...input, files: { ...input.files, ...PKI } })));
    for (const [offset, input] of inputs.entries()) {
      try {
        const outcome = compareServer(await examineServer(input), answers[offset] as ServerAnswer);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } catch (error) {
        const index = start + offset;
        return { cases: index - from + 1, outcomes, find: { index, input: JSON.stringify(input), error } };
      }
    }
  }
  return { cases, outcomes, find: undefined };
}
