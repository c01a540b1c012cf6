import type { Case } from './case.ts';
import { Census } from './census.ts';
import type { CaseRange } from './core-run.ts';
import { drawCase, POLICIES } from './generator.ts';
import { judge, type Judgement, type Reply } from './judge.ts';
import { reconcileGate } from './reconciliation.ts';
import type { Discrepancy, OracleRun } from './report.ts';
import { Stalls } from './stalls.ts';
import { TlsClient } from './tls-client.ts';
import { startTlsGate, type TlsGate } from './tls-gate.ts';

/** Concurrent callers, each with its own connection. */
const CALLERS = 32;

/**
 * Runs a real gate over TLS, one process for each policy. Judges every answer, then compares client, log and metrics.
 */
export async function runServer({ seed, from, cases }: CaseRange): Promise<OracleRun> {
  const census = new Census();
  const discrepancies: Discrepancy[] = [];
  const notes: string[] = [];
  const startedMs = performance.now();
  for (const [number, policy] of POLICIES.entries()) {
    const first = from + ((number - from + POLICIES.length * from) % POLICIES.length);
    if (first >= from + cases) continue;
    await using gate = await startTlsGate(policy);
    const part = new Census();
    const stalls = new Stalls(performance.now());
    let next = first;
    await callInParallel(
      gate,
      () => {
        if (next >= from + cases) return undefined;
        const testCase = drawCase(seed, next);
        next += POLICIES.length;
        return testCase;
      },
      (testCase, reply) => {
        const judgement = judgeOverTls(testCase, reply, stalls);
        for (const counts of [census, part]) counts.add(testCase, reply, judgement);
      },
    );
    discrepancies.push(
      ...(await reconcileGate(gate, part.records)).map(({ key, counts }) => ({
        key: `${policy.name}: ${key}`,
        counts,
      })),
    );
    if (part.outcomes.has('failed')) notes.push(`${policy.name}: ${String(stalls)}`);
    await gate.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    target: 'server',
    seed,
    census,
    seconds,
    discrepancies,
    parties: ['client', 'log', 'metrics'],
    notes,
  };
}

/** Sends cases until there are no more. */
export async function callInParallel(
  gate: TlsGate,
  draw: () => Case | undefined,
  answered: (testCase: Case, reply: Awaited<ReturnType<TlsClient['ask']>>) => void,
): Promise<void> {
  const call = async (): Promise<void> => {
    using client = new TlsClient(gate.address);
    for (let testCase = draw(); testCase !== undefined; testCase = draw())
      answered(testCase, await client.ask(testCase));
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
}

/** Judges an answer, on a machine that may be busy with other processes. */
export function judgeOverTls(testCase: Case, reply: Reply | undefined, stalls: Stalls): Judgement {
  const isExplained = stalls.answered(performance.now(), reply?.elapsedMs ?? 0);
  const judgement = judge(testCase, reply);
  if (!isExplained || judgement.outcome !== 'failed' || judgement.fault === 'late') return judgement;
  return judge(testCase, reply, true);
}
