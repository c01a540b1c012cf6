import { eventually } from '../end-to-end/support/eventually.ts';
import { reconcile, type Discrepancy } from './report.ts';
import { untilLogged, type TlsGate } from './tls-gate.ts';

/** The state of a gate's log and metrics at one moment. */
interface Counts {
  readonly log: ReadonlyMap<string, number>;
  readonly metrics: ReadonlyMap<string, number>;
}

const NOTHING: Counts = { log: new Map(), metrics: new Map() };

/** The counts of a gate, after its log was read as far as its metrics. */
export async function countsSoFar(gate: TlsGate): Promise<Counts> {
  const { decisions } = await gate.scrape();
  await untilLogged(gate, sum(decisions));
  return { log: new Map(gate.logged), metrics: decisions };
}

/**
 * Differences between the counts of client, log and metrics since `before`. Requests that are not reviews are not
 * logged.
 */
export async function reconcileGate(
  gate: TlsGate,
  records: ReadonlyMap<string, number>,
  before: Counts = NOTHING,
): Promise<Discrepancy[]> {
  const client = new Map([...records].filter(([key]) => key !== 'rejected'));
  const { decisions, rejected, shed } = await gate.scrape();
  await untilLogged(gate, sum(client) + sum(before.log) - shed);
  const [log, metrics] = [less(gate.logged, before.log), less(decisions, before.metrics)];
  const rejections = reconcile({
    client: one('rejected', records.get('rejected') ?? 0),
    metrics: one('rejected', rejected),
  });
  if (shed === 0) return [...reconcile({ client, log, metrics }), ...rejections];
  // Below `deny` an answer does not show which reviews were refused unparsed. Their number must still be equal.
  await eventually('the log counts them', () =>
    Promise.resolve(gate.loggedShed() >= shed || undefined),
  ).catch(() => undefined);
  const totals = {
    client: one('all', sum(client)),
    log: one('all', sum(log) + gate.loggedShed()),
    metrics: one('all', sum(metrics) + shed),
  };
  return [...reconcile(totals), ...rejections];
}

function less(
  counts: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const rest = [...counts].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
  return new Map(rest.filter(([, count]) => count !== 0));
}

function one(key: string, count: number): ReadonlyMap<string, number> {
  return new Map([[key, count]]);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
