import type { Case } from './case.ts';
import { Census } from './census.ts';
import { drawCase, POLICIES } from './generator.ts';
import { createInProcessGate, type InProcessGate } from './in-process.ts';
import { judge, type Judgement } from './judge.ts';
import { reconcile, type OracleRun } from './report.ts';

/** Which cases of which seed. */
export interface CaseRange {
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
}

/** The core in process: bytes in, bytes out, one after the other. */
export async function runCore({ seed, from, cases }: CaseRange): Promise<OracleRun> {
  const gate = await createInProcessGate(POLICIES);
  const census = new Census();
  const startedMs = performance.now();
  for (let index = from; index < from + cases; index += 1) {
    const asked = drawCase(seed, index);
    const reply = gate.ask(asked);
    census.add(asked, reply, judge(asked, reply));
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

/** One case, for a test of a find. */
export function askOnce(gate: InProcessGate, asked: Case): Judgement {
  return judge(asked, gate.ask(asked));
}
