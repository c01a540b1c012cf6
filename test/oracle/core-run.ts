import { Census } from './census.ts';
import { CORE_POLICIES, drawCase } from './generator.ts';
import { createInProcessGate } from './in-process.ts';
import { judge } from './judge.ts';
import { reconcile, type OracleRun } from './report.ts';

/** The range of cases, and their seed. */
export interface CaseRange {
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
}

/** Runs the core in this process, from bytes to bytes, one case after the other. */
export async function runCore({ seed, from, cases }: CaseRange): Promise<OracleRun> {
  const gate = await createInProcessGate(CORE_POLICIES);
  const census = new Census();
  const startedMs = performance.now();
  for (let index = from; index < from + cases; index += 1) {
    const testCase = drawCase(seed, index, CORE_POLICIES);
    const answered = gate.ask(testCase);
    const reply = answered instanceof Promise ? await answered : answered;
    census.add(testCase, reply, judge(testCase, reply));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const parties = { client: census.records, recorder: gate.records };
  return {
    target: 'oracle',
    seed,
    census,
    seconds,
    discrepancies: reconcile(parties),
    parties: Object.keys(parties),
  };
}
