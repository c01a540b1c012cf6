import type { Case } from './case.ts';
import { Census } from './census.ts';
import type { CaseRange } from './core-run.ts';
import { drawCase, POLICIES } from './generator.ts';
import { judge } from './judge.ts';
import { reconcile, type Discrepancy, type OracleRun } from './report.ts';
import { TlsClient } from './tls-client.ts';
import { startTlsGate, untilLogged, type TlsGate } from './tls-gate.ts';

/** Callers at a time, each with its own connection. */
const CALLERS = 32;

/** A real gate over TLS, one process for each policy: every answer judged, then client, log and metrics compared. */
export async function runServer({ seed, from, cases }: CaseRange): Promise<OracleRun> {
  const census = new Census();
  const discrepancies: Discrepancy[] = [];
  const startedMs = performance.now();
  for (const [number, policy] of POLICIES.entries()) {
    const first = from + ((number - from + POLICIES.length * from) % POLICIES.length);
    if (first >= from + cases) continue;
    await using gate = await startTlsGate(policy);
    const part = new Census();
    let next = first;
    await callInParallel(
      gate,
      () => {
        if (next >= from + cases) return undefined;
        const asked = drawCase(seed, next);
        next += POLICIES.length;
        return asked;
      },
      (asked, reply) => {
        const judgement = judge(asked, reply);
        for (const counts of [census, part]) counts.add(asked, reply, judgement);
      },
    );
    discrepancies.push(
      ...(await reconcileGate(gate, part)).map(({ key, counts }) => ({
        key: `${policy.name}: ${key}`,
        counts,
      })),
    );
    await gate.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { target: 'server', seed, census, seconds, discrepancies, parties: ['client', 'log', 'metrics'] };
}

/** Asks cases until there are no more. */
export async function callInParallel(
  gate: TlsGate,
  draw: () => Case | undefined,
  answered: (asked: Case, reply: Awaited<ReturnType<TlsClient['ask']>>) => void,
): Promise<void> {
  const call = async (): Promise<void> => {
    using client = new TlsClient(gate.address);
    for (let asked = draw(); asked !== undefined; asked = draw()) answered(asked, await client.ask(asked));
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
}

/** What client, log and metrics count differently; requests that never became a review are not logged. */
export async function reconcileGate(gate: TlsGate, { records }: Census): Promise<Discrepancy[]> {
  const decisions = new Map([...records].filter(([key]) => key !== 'rejected'));
  const total = [...decisions.values()].reduce((sum, count) => sum + count, 0);
  await untilLogged(gate, total);
  const metrics = await gate.scrape();
  const rejections = {
    client: new Map([['rejected', records.get('rejected') ?? 0]]),
    metrics: new Map([['rejected', metrics.rejected]]),
  };
  return [
    ...reconcile({ client: decisions, log: gate.logged, metrics: metrics.decisions }),
    ...reconcile(rejections),
  ];
}
