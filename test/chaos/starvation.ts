import { availableParallelism } from 'node:os';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { startGate } from './gate.ts';
import { HeavyTraffic } from './heavy-traffic.ts';
import { unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const NEIGHBOURS = 3;
const LANES = 16;
const RATE = 50;
/** The default timeout of webhooks, and half of it. */
const SMALL_TIMEOUT_MS = 10_000;
const LARGE_TIMEOUT_MS = 5000;

/** Large enough that large reviews wait and are not refused immediately. */
const ROOM = '--max-receiving=128';

export const starvation: Scenario = {
  id: 'R18',
  title: 'one core, shared with busy neighbours',
  goal: 'no answer after its ?timeout, denials instead; cheap reviews continue',
  run: (chaos) => starve(chaos, { secretly: false, args: [] }),
  control: {
    title: 'without the deadline, and without a limit for incoming bytes',
    run: (chaos) =>
      starve(chaos, { secretly: true, args: [ROOM, '--review-timeout=30', '--max-wait=30000'] }),
  },
};

interface Plan {
  /** The requests carry no `?timeout=`. */
  readonly secretly: boolean;
  readonly args: readonly string[];
}

async function starve({ stand, seed, quick }: Chaos, { secretly, args }: Plan): Promise<Trial> {
  const core = String(availableParallelism() - 1);
  const wrapper = ['taskset', '--cpu-list', core];
  await using gate = await startGate(stand, { wrapper, args });
  const tally = new Tally();
  using traffic = new Traffic({
    gate,
    tally,
    seed,
    rate: RATE,
    burst: 25,
    timeoutMs: SMALL_TIMEOUT_MS,
    secretly,
  });
  await delay(1000);
  tally.faulty = true;
  using neighbours = new Neighbours(core);
  await using heavy = new HeavyTraffic({
    gate,
    seed,
    lanes: LANES,
    timeoutMs: LARGE_TIMEOUT_MS,
    weights: ['objects'],
    secretly,
  });
  await delay(quick ? 12_000 : 60_000);
  const [large] = await Promise.all([heavy.stop(), traffic.stop()]);
  const [p50, p99] = [tally.latency('inside', 0.5), tally.latency('inside', 0.99)];
  return {
    numbers: `${neighbours.count} neighbours; small p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${String(tally)}; large ${large.text}`,
    faults: [
      ...tally.faults([]),
      ...large.faults,
      unless(large.late === 0, `${large.late} large reviews were answered late`),
      unless(
        tally.count('right', 'inside') > tally.count('sent', 'inside') / 2,
        'half of the cheap reviews got no verdict',
      ),
    ].filter((fault) => fault !== undefined),
    failOpen: tally.count('failOpen') + large.failOpen,
  };
}

/** Processes that never wait, on the same core. */
class Neighbours implements Disposable {
  readonly #children: readonly ChildProcess[];

  constructor(core: string) {
    this.#children = Array.from({ length: NEIGHBOURS }, () =>
      spawn('taskset', ['--cpu-list', core, 'timeout', '300', 'sh', '-c', 'while :; do :; done'], {
        stdio: 'ignore',
      }),
    );
  }

  get count(): number {
    return this.#children.length;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGTERM');
  }
}
