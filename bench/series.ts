import type { ProtocolName } from '../src/admission/exchange.ts';
import { Connection } from './connection.ts';
import type { RunningServer } from './processes.ts';
import type { Samples } from './reviews.ts';

/** The plan of a series: each server gets `rounds` slices, in a new random order in each round. */
export interface Plan {
  readonly rounds: number;
  readonly sliceMs: number;
}

/** The result of one server in a series. */
export interface Measurement {
  readonly name: string;
  readonly requests: number;
  readonly cpuPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

const CONNECTIONS = 8;

/** The running measurement of one server in a series. */
class Lane implements Disposable {
  readonly server: RunningServer;
  readonly #connections: Connection[] = [];
  readonly #samples: Samples;
  readonly #latencies: number[] = [];
  #next = 0;
  #cpuBefore = 0;
  #busyMs = 0;
  #counting = false;

  constructor(server: RunningServer, samples: Samples) {
    this.server = server;
    this.#samples = samples;
  }

  async connect(protocol: ProtocolName): Promise<void> {
    const { port, paths } = this.server.program;
    for (let count = 0; count < CONNECTIONS; count++) {
      this.#connections.push(await Connection.open(port, paths[protocol]));
    }
  }

  /** Starts to count. The time between slices counts as well, because the server may have delayed work. */
  startCounting(): void {
    this.#counting = true;
    this.#cpuBefore = this.server.cpuMicroseconds();
  }

  /** Sends requests on all connections for the length of a slice. */
  async run(sliceMs: number): Promise<void> {
    const started = performance.now();
    await Promise.all(this.#connections.map((connection) => this.#loop(connection, started + sliceMs)));
    if (this.#counting) this.#busyMs += performance.now() - started;
  }

  async #loop(connection: Connection, until: number): Promise<void> {
    const { judges, name } = this.server.program;
    for (let now = performance.now(); now < until;) {
      const { body, denied } = this.#samples(this.#next++);
      const answer = await connection.post(body);
      if (judges && answer.includes('"allowed":false') !== denied) {
        throw new Error(`${name} answered wrongly to ${body.toString()}: ${answer}`);
      }
      const answered = performance.now();
      if (this.#counting) this.#latencies.push(answered - now);
      now = answered;
    }
  }

  measurement(): Measurement {
    const sorted = Float64Array.from(this.#latencies).toSorted();
    const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return {
      name: this.server.program.name,
      requests: sorted.length,
      cpuPerRequest: (this.server.cpuMicroseconds() - this.#cpuBefore) / sorted.length,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      perSecond: (sorted.length / this.#busyMs) * 1000,
    };
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }
}

/**
 * Sends load to the servers in turn, in slices so short that other work on the machine affects all of them equally. A third
 * as many rounds run before as a warm-up and are not counted, because Node compiles the code in the first seconds.
 */
export async function runSeries(
  servers: readonly RunningServer[],
  protocol: ProtocolName,
  samples: () => Samples,
  { rounds, sliceMs }: Plan,
): Promise<readonly Measurement[]> {
  using lanes = new DisposableStack();
  const all = servers.map((server) => lanes.use(new Lane(server, samples())));
  for (const lane of all) await lane.connect(protocol);
  const warmUp = Math.ceil(rounds / 3);
  for (let round = 0; round < warmUp + rounds; round++) {
    if (round === warmUp) for (const lane of all) lane.startCounting();
    for (const lane of shuffled(all)) await lane.run(sliceMs);
  }
  return all.map((lane) => lane.measurement());
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
