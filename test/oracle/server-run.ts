import { eventually } from '../end-to-end/eventually.ts';
import type { Case } from './case.ts';
import { Census } from './census.ts';
import type { CaseRange } from './core-run.ts';
import { drawCase, POLICIES } from './generator.ts';
import { judge, type Judgement, type Reply } from './judge.ts';
import { reconcile, type Discrepancy, type OracleRun } from './report.ts';
import { Stalls } from './stalls.ts';
import { TlsClient } from './tls-client.ts';
import { startTlsGate, untilLogged, type TlsGate } from './tls-gate.ts';

/** Callers at a time, each with its own connection. */
const CALLERS = 32;

/** A real gate over TLS, one process for each policy: every answer judged, then client, log and metrics compared. */
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
        const asked = drawCase(seed, next);
        next += POLICIES.length;
        return asked;
      },
      (asked, reply) => {
        const judgement = judgeOverTls(asked, reply, stalls);
        for (const counts of [census, part]) counts.add(asked, reply, judgement);
      },
    );
    discrepancies.push(
      ...(await reconcileGate(gate, part)).map(({ key, counts }) => ({
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

/** Judges an answer of a machine that may be busy with others. */
export function judgeOverTls(asked: Case, reply: Reply | undefined, stalls: Stalls): Judgement {
  const isExplained = stalls.answered(performance.now(), reply?.elapsedMs ?? 0);
  const judgement = judge(asked, reply);
  if (!isExplained || judgement.outcome !== 'failed' || judgement.fault === 'late') return judgement;
  return judge(asked, reply, true);
}

/** What client, log and metrics count differently. */
export async function reconcileGate(gate: TlsGate, { records }: Census): Promise<Discrepancy[]> {
  const answered = new Map([...records].filter(([key]) => key !== 'rejected'));
  const { decisions, rejected, shed } = await gate.scrape();
  await untilLogged(gate, sum(answered) - shed);
  const rejections = {
    client: one('rejected', records.get('rejected') ?? 0),
    metrics: one('rejected', rejected),
  };
  if (shed === 0)
    return [
      ...reconcile({ client: answered, log: gate.logged, metrics: decisions }),
      ...reconcile(rejections),
    ];
  // Below `deny` nobody can see from outside which reviews were refused unread; their number is the same all the same.
  await eventually('the log tells of them', () =>
    Promise.resolve(gate.loggedShed() >= shed || undefined),
  ).catch(() => undefined);
  const all = {
    client: one('all', sum(answered)),
    log: one('all', sum(gate.logged) + gate.loggedShed()),
    metrics: one('all', sum(decisions) + shed),
  };
  return [...reconcile(all), ...reconcile(rejections)];
}

function one(key: string, count: number): ReadonlyMap<string, number> {
  return new Map([[key, count]]);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
