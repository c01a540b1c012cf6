import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlGroup } from './control-group.ts';
import { startGate, type Gate } from './gate.ts';
import { HeavyTraffic } from './heavy-traffic.ts';
import { unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const MEBIBYTE = 1024 * 1024;
const LANES = 50;
const RATE = 50;

export const memory: Scenario = {
  id: 'R15',
  title: 'the worst legal load within a limit of memory',
  goal: '256 MiB, 50 × 7 MiB and many images: no kill',
  run: (chaos) => loadWithin(chaos, 256, chaos.quick ? 8000 : 60_000),
  control: {
    title: 'within 96 MiB: killed, starts again, admits nothing bad',
    run: (chaos) => loadWithin(chaos, 96, chaos.quick ? 6000 : 20_000),
  },
};

async function loadWithin({ stand, seed }: Chaos, mebibytes: number, milliseconds: number): Promise<Trial> {
  await using group = await ControlGroup.create('memory', { memoryBytes: mebibytes * MEBIBYTE });
  await using supervisor = await Supervisor.start(stand, group.wrapper);
  const tally = new Tally();
  tally.faulty = true;
  using traffic = new Traffic({ gate: supervisor.gate, tally, seed, rate: RATE });
  await using heavy = new HeavyTraffic({
    gate: supervisor.gate,
    seed,
    lanes: LANES,
    timeoutMs: 10_000,
    weights: ['objects', 'text', 'images'],
    secretly: false,
  });
  await delay(milliseconds);
  const [large] = await Promise.all([heavy.stop(), traffic.stop()]);
  const kills = await group.kills();
  const peak = ((await group.peakBytes()) / MEBIBYTE).toFixed(0);
  const numbers = `${mebibytes} MiB: ${kills} kills, ${supervisor.starts} starts, at most ${peak} MiB in use, resident at most ${supervisor.peakMebibytes().toFixed(0)} MiB`;
  return {
    numbers: `${numbers}; large ${large.text}; small ${String(tally)}`,
    faults: [
      ...large.faults,
      ...tally.faults(),
      unless(
        kills === 0 && supervisor.starts === 1,
        `killed ${kills} times, started ${supervisor.starts} times`,
      ),
    ].filter((fault) => fault !== undefined),
    failOpen: large.failOpen + tally.count('failOpen'),
  };
}

/** Restarts a gate on the same ports whenever it ends, as systemd and the kubelet do. */
class Supervisor implements AsyncDisposable {
  /** The first gate. The later gates listen on the same ports. */
  readonly gate: Gate;
  starts = 1;
  readonly #again: (ports: Pick<Gate, 'port' | 'healthPort'>) => Promise<Gate>;
  #current: Gate;
  #peakMebibytes = 0;
  #over = false;
  #watch: Promise<void>;

  private constructor(gate: Gate, again: (ports: Pick<Gate, 'port' | 'healthPort'>) => Promise<Gate>) {
    this.gate = gate;
    this.#current = gate;
    this.#again = again;
    this.#watch = this.#keep();
  }

  static async start(stand: Chaos['stand'], wrapper: readonly string[]): Promise<Supervisor> {
    return new Supervisor(await startGate(stand, { wrapper }), (ports) =>
      startGate(stand, { wrapper, ports }),
    );
  }

  /** The maximum over all processes. */
  peakMebibytes(): number {
    this.#look();
    return this.#peakMebibytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#current[Symbol.asyncDispose]();
    await this.#watch;
    // A process that was starting at that time.
    await this.#current[Symbol.asyncDispose]();
  }

  async #keep(): Promise<void> {
    while (!this.#over) {
      const ended = await Promise.race([this.#current.exited, delay(200)]);
      if (ended === undefined) this.#look();
      else if (!this.#over) await this.#startAgain();
    }
  }

  async #startAgain(): Promise<void> {
    this.starts += 1;
    try {
      this.#current = await this.#again(this.gate);
    } catch {
      // The process was killed before it was ready. The next pass starts another one.
    }
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#current.pid}/status`, 'utf8');
      const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
      this.#peakMebibytes = Math.max(this.#peakMebibytes, peak);
    } catch {
      // The process has just ended.
    }
  }
}
