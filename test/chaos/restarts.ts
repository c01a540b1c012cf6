import { setTimeout as delay } from 'node:timers/promises';
import type { LoadReport } from '../end-to-end/support/load.ts';
import { createRandom, type Random } from '../fuzz/random.ts';
import { Balancer } from './balancer.ts';
import { startGate, type Gate } from './gate.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

/** Number of restarts, and their drain. */
interface Plan {
  readonly restarts: number;
  readonly drainSeconds: number;
}

const RATE = 300;
/** Calls come in bursts, so that several connections are open. */
const BURST = 10;
/** Maximum delay until the balancer removes the replica. */
const NEWS_MS = 3000;
/** Maximum number of replicas that drain at the same time. */
const LEAVING = 6;

export const restarts: Scenario = {
  id: 'R8',
  title: 'SIGTERM under load, one of two replicas after the other',
  goal: '200 restarts at 300 reviews a second, 0 failed',
  run: (chaos) => restartUnderLoad(chaos, { restarts: chaos.quick ? 8 : 200, drainSeconds: 4 }),
  control: {
    title: 'without a drain',
    run: (chaos) => restartUnderLoad(chaos, { restarts: chaos.quick ? 4 : 10, drainSeconds: 0 }),
  },
};

/**
 * A rolling update without an end. A successor is ready and in the balancer before a replica gets SIGTERM. The
 * replica gets no new connections from 0 to 3 s later.
 */
async function restartUnderLoad({ stand, seed }: Chaos, plan: Plan): Promise<Trial> {
  await using parts = new AsyncDisposableStack();
  const random = createRandom(seed);
  const start = async (): Promise<Gate> =>
    parts.use(await startGate(stand, { args: [`--drain=${plan.drainSeconds}`] }));
  const replicas = [await start(), await start()];
  const balancer = parts.use(await Balancer.open(...replicas.map(({ port }) => port)));
  const tally = new Tally();
  const gate = { port: balancer.port, authority: replicas[0]?.authority ?? '' };
  const load = parts.use(new Traffic({ gate, tally, seed, rate: RATE, burst: BURST }));
  const leaving = new Set<Promise<string>>();
  const endings: string[] = [];
  for (let count = 0; count < plan.restarts; count += 1) {
    if (leaving.size >= LEAVING) await Promise.race(leaving);
    const successor = await start();
    balancer.add(successor.port);
    const [replica] = replicas.splice(count % 2, 1, successor);
    if (replica === undefined) continue;
    const gone = leave(replica, balancer, random);
    leaving.add(gone);
    void gone.then((ending) => endings.push(ending)).finally(() => leaving.delete(gone));
  }
  await Promise.all(leaving);
  return report(tally, await load.stop(), endings);
}

async function leave(replica: Gate, balancer: Balancer, random: Random): Promise<string> {
  replica.signal('SIGTERM');
  await delay(random.below(NEWS_MS));
  balancer.drop(replica.port);
  return replica.exited;
}

function report(tally: Tally, load: LoadReport, endings: readonly string[]): Trial {
  const bad = endings.filter((ending) => ending !== 'exit code 0');
  const rate = load.calls / load.seconds;
  const numbers = `${endings.length} restarts, ${load.calls} reviews at ${rate.toFixed(0)}/s, slowest ${load.slowestMs.toFixed(0)} ms`;
  return trialOf(tally, numbers, [
    ...tally.faults(),
    // A review that a busy machine did not send is not unanswered. A late answer counts as late.
    unless(rate > RATE / 2, `${load.shed} reviews could not be sent, so the load was missing`),
    unless(bad.length === 0, `${bad.length} replicas did not end with 0: ${bad[0]}`),
  ]);
}
