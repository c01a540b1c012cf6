import { parseImageReference } from '../../src/image/reference.ts';
import { createRandom, seedOfCase } from '../fuzz/random.ts';
import { plausibleReference } from '../fuzz/reference-grammar.ts';
import type { FuzzRange, FuzzReport } from '../fuzz/target.ts';
import { compare, compareRendered, rendered } from './comparison.ts';
import type { GoAnswer, GoReaders } from './go-readers.ts';

const BATCH = 20_000;

/**
 * Compares generated references between our parser and Go. Go must accept each text that we accept, with the same
 * fields. Go must read each name that we render as the same image. Each text that only we refuse must have a
 * documented reason. The run ends with the first violation.
 */
export function differential(range: FuzzRange, ask: GoReaders): FuzzReport {
  const { seed, from = 0, cases } = range;
  const outcomes = new Map<string, number>();
  for (let start = from; start < from + cases; start += BATCH) {
    const length = Math.min(BATCH, from + cases - start);
    const texts = Array.from({ length }, (_, offset) =>
      plausibleReference(createRandom(seedOfCase(seed, start + offset))),
    );
    const find = examine(texts, ask, outcomes);
    if (find !== undefined) {
      const index = start + find.offset;
      return {
        cases: index - from + 1,
        outcomes,
        find: { index, input: texts[find.offset] ?? '', error: find.error },
      };
    }
  }
  return { cases, outcomes, find: undefined };
}

interface BatchFind {
  readonly offset: number;
  readonly error: unknown;
}

/** Compares the texts in order and counts their classes. */
function examine(
  texts: readonly string[],
  ask: GoReaders,
  outcomes: Map<string, number>,
): BatchFind | undefined {
  const reads = texts.map(parseImageReference);
  const names = reads.map((read) => (read.kind === 'image' ? rendered(read) : []));
  const answers = ask([...texts, ...names.flat()]);
  const ofNames = answers.slice(texts.length).values();
  for (const [offset, read] of reads.entries()) {
    try {
      const outcome = compare(read, answers[offset] as GoAnswer);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      for (const name of names[offset] ?? []) {
        const answer = ofNames.next().value as GoAnswer;
        if (read.kind === 'image') compareRendered(read, name, answer);
      }
    } catch (error) {
      return { offset, error };
    }
  }
  return undefined;
}
