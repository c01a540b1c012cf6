import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startGate } from './gate.ts';
import { HeavyTraffic } from './heavy-traffic.ts';
import { unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const RATE = 100;
/** The number of connections that the API server keeps. */
const BURST = 25;
const LANES = 8;
const SMALL_P99_MS = 250;

/** Treats every review as small, and receives as many as a gate with more memory could. */
const UNFAIR = { largeBytes: 2 ** 31, receivingBytes: 64 * 1024 * 1024 };

export const fairness: Scenario = {
  id: 'F20',
  title: 'small reviews beside bodies of 7 MiB with 480,000 objects each',
  goal: 'p99 of the small ones below 250 ms',
  run: (chaos) => askBeside(chaos),
  control: {
    title: 'large reviews do not take turns',
    run: (chaos) => askBeside(chaos, UNFAIR),
  },
};

async function askBeside({ stand, seed, quick }: Chaos, limits?: object): Promise<Trial> {
  const program = join(import.meta.dirname, 'limited-gate.ts');
  await using gate = await (limits === undefined
    ? startGate(stand)
    : startGate({ ...stand, program }, { args: [`--limits=${JSON.stringify(limits)}`] }));
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE, burst: BURST });
  await delay(1000);
  await using heavy = new HeavyTraffic({
    gate,
    seed,
    lanes: LANES,
    timeoutMs: 10_000,
    weights: ['objects'],
    secretly: false,
  });
  await delay(quick ? 6000 : 30_000);
  const [large] = await Promise.all([heavy.stop(), traffic.stop()]);
  const [p50, p99] = [tally.latency('outside', 0.5), tally.latency('outside', 0.99)];
  return {
    numbers: `small p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; large ${large.text}; small ${String(tally)}`,
    faults: [
      ...tally.faults([]),
      ...large.faults,
      unless(p99 < SMALL_P99_MS, `p99 of the small reviews is ${p99.toFixed(0)} ms`),
      unless(large.right > 0, 'no large review was answered'),
    ].filter((fault) => fault !== undefined),
    failOpen: tally.count('failOpen') + large.failOpen,
  };
}
