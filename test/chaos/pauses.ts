import { setTimeout as delay } from 'node:timers/promises';
import { startGate, type Gate } from './gate.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const RATE = 100;
const TIMEOUT_MS = 2000;
const RECOVERED_MS = 5000;

export const pauses: Scenario = {
  id: 'SIGSTOP',
  title: 'a process that is stopped and continued',
  goal: 'no wrong verdict, and right answers within 5 s of SIGCONT',
  run: (chaos) => pause(chaos, chaos.quick ? [3000] : [1000, 4000, 12_000, 30_000], true),
  control: { title: 'it is not continued', run: (chaos) => pause(chaos, [1000], false) },
};

async function pause({ stand, seed }: Chaos, pausesMs: readonly number[], goesOn: boolean): Promise<Trial> {
  await using gate = await startGate(stand);
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE, timeoutMs: TIMEOUT_MS, maxInflight: 400 });
  const recoveries: number[] = [];
  for (const pauseMs of pausesMs) {
    await delay(1000);
    tally.faulty = true;
    gate.signal('SIGSTOP');
    await delay(pauseMs);
    if (goesOn) gate.signal('SIGCONT');
    recoveries.push(await untilReady(gate));
    // All reviews of the pause have ended at this time.
    await delay(TIMEOUT_MS + 1000);
    tally.faulty = false;
  }
  await delay(1000);
  await traffic.stop();
  const slowest = Math.max(...recoveries);
  const numbers = `pauses of ${pausesMs.map((ms) => ms / 1000).join(', ')} s, answering again after at most ${slowest.toFixed(0)} ms`;
  return trialOf(tally, numbers, [
    ...tally.faults(),
    unless(slowest <= RECOVERED_MS, `not ready ${RECOVERED_MS} ms after the pause`),
  ]);
}

async function untilReady(gate: Gate): Promise<number> {
  const startMs = performance.now();
  while ((await gate.look('/readyz')).status !== 200) {
    if (performance.now() - startMs > RECOVERED_MS) return Number.POSITIVE_INFINITY;
  }
  return performance.now() - startMs;
}
