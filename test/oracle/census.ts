import type { Case } from './case.ts';
import type { Fault, Judgement, Outcome, Reply } from './judge.ts';

/** A wrong answer. */
export interface Find {
  readonly testCase: Case;
  readonly reply: Reply | undefined;
  readonly judgement: Judgement;
}

const FAULTS: readonly Fault[] = ['failOpen', 'wrongDeny', 'late', 'noAnswer', 'badShape'];

/** Maximum number of findings that are kept for the report. All are counted. */
const MAX_FINDS = 5;

/** Counts the cases of a run and their results. */
export class Census {
  readonly faults = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
  readonly outcomes = new Map<Outcome, number>();
  readonly truths = new Map<string, number>();
  readonly families = new Map<string, number>();
  readonly facets = new Map<string, number>();
  /** The records that the gate must have, by protocol, outcome and stage. */
  readonly records = new Map<string, number>();
  readonly finds: Find[] = [];
  #cases = 0;

  get cases(): number {
    return this.#cases;
  }

  /** Number of wrong answers. */
  get faulty(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  add(testCase: Case, reply: Reply | undefined, judgement: Judgement): void {
    this.#cases += 1;
    increment(this.truths, testCase.truth);
    increment(this.families, testCase.family);
    increment(this.outcomes, judgement.outcome);
    for (const facet of testCase.facets) increment(this.facets, facet);
    if (reply !== undefined) increment(this.records, recordOf(testCase, judgement.outcome));
    if (judgement.fault === undefined) return;
    increment(this.faults, judgement.fault);
    if (this.finds.length < MAX_FINDS) this.finds.push({ testCase, reply, judgement });
  }
}

/** The outcome that the gate records. Below `deny` it records the outcome that `deny` would have. */
function recordOf({ recorded, protocol, stage, truth }: Case, outcome: Outcome): string {
  if (recorded === 'rejection') return 'rejected';
  const softened = stage !== 'deny' && outcome === 'admitted';
  return recordKey(protocol, softened && truth === 'bad' ? 'refused' : outcome, stage);
}

/** The common key of the client's counts, the gate's log and its metrics. */
export function recordKey(protocol: string, outcome: string, stage: string): string {
  return `${protocol} ${outcome} ${stage}`;
}

export function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
