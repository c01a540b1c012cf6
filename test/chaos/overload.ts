import { setTimeout as delay } from 'node:timers/promises';
import { measureRate } from '../end-to-end/support/load.ts';
import { ControlGroup } from './control-group.ts';
import { startGate, type Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { labelledReviews, type LabelledReview } from './labelled-reviews.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

/** So small that a client on the same machine can send three times the reviews that the gate can answer. */
const PROCESSOR = 0.2;
const TIMES = 3;
/** Three API servers, each with its maximum of changes in flight (`--max-mutating-requests-inflight`). */
const API_SERVERS = 3;
const IN_FLIGHT = 200 * API_SERVERS;
/** Objects with managed fields. Without them a review costs mostly its connection, which the gate cannot shed. */
const REVIEW_BYTES = 48 * 1024;
const CALLERS = 24;
const TIMEOUT_MS = 5000;
const RECOVERED_MS = 5000;
/** A load of a quarter of the capacity. */
const AFTERWARDS = 0.25;
/** A review that waits longer is still in the queue behind reviews of the overload. */
const RECOVERED_P99_MS = 1000;
const GROWTH_MEBIBYTES = 128;

export const overload: Scenario = {
  id: 'R22',
  title: 'three times as many reviews as the gate can answer',
  goal: '60 s: every answer right or OVERLOADED, memory bounded, health answers, right answers again within 5 s',
  run: (chaos) => overburden(chaos, { args: [], ends: true }),
  control: {
    title: 'nothing is shed, and the load does not end',
    run: (chaos) => overburden(chaos, { args: ['--max-queue=65536', '--max-wait=30000'], ends: false }),
  },
};

interface Plan {
  readonly args: readonly string[];
  /** Whether the load ends. Otherwise it continues during the recovery. */
  readonly ends: boolean;
}

async function overburden({ stand, seed, quick }: Chaos, { args, ends }: Plan): Promise<Trial> {
  await using group = await ControlGroup.create('overload', { processor: 1 });
  await using gate = await startGate(stand, { wrapper: group.wrapper, args });
  await using parts = new AsyncDisposableStack();
  const clients = Array.from({ length: API_SERVERS }, () => parts.use(new GoClient(gate)));
  // Compiles code and opens connections before the processor is limited.
  const reviews = labelledReviews(seed, 512, REVIEW_BYTES);
  await measureCapacity(clients, reviews, 1000);
  await group.limitProcessor(PROCESSOR);
  const capacity = await measureCapacity(clients, reviews, quick ? 3000 : 10_000);
  const before = gate.residentMebibytes();
  const tally = new Tally();
  tally.faulty = true;
  const health = watchHealth(gate);
  using traffic = new Traffic({
    gate,
    tally,
    seed,
    rate: TIMES * capacity,
    timeoutMs: TIMEOUT_MS,
    maxInflight: IN_FLIGHT,
    clients,
    curiosityMs: 0,
    reviews,
  });
  await delay(quick ? 8000 : 60_000);
  const stopped = ends ? traffic.stop() : undefined;
  const recoveredMs = await untilRight({
    gate,
    seed,
    clients,
    rate: AFTERWARDS * capacity,
    timeoutMs: TIMEOUT_MS,
  });
  const { calls, shed, seconds } = await (stopped ?? traffic.stop());
  const probes = await health.stop();
  const grown = gate.residentMebibytes() - before;
  const goodput = tally.count('right') / seconds;
  const numbers = [
    `capacity ${capacity.toFixed(0)}/s, offered ${((calls + shed) / seconds).toFixed(0)}/s (${shed} not sent)`,
    `right ${goodput.toFixed(0)}/s (${((goodput / capacity) * 100).toFixed(0)} %), p99 ${tally.latency('inside', 0.99).toFixed(0)} ms`,
    `denied for the load p50 ${tally.strainedLatency(0.5).toFixed(0)} ms, p99 ${tally.strainedLatency(0.99).toFixed(0)} ms`,
    `memory +${grown.toFixed(0)} MiB, health ${probes.answered} of ${probes.sent}, recovered after ${recoveredMs.toFixed(0)} ms`,
  ].join('; ');
  return trialOf(tally, numbers, [
    ...tally.faults(),
    ...(['DEADLINE', 'INTERNAL', 'turnedAway'] as const).map((code) =>
      unless(tally.count(code) === 0, `${tally.count(code)} answers are ${code}`),
    ),
    unless(gate.ending() === undefined, `the gate ended with ${gate.ending()}`),
    unless(grown < GROWTH_MEBIBYTES, `memory grew by ${grown.toFixed(0)} MiB`),
    unless(
      probes.answered === probes.sent,
      `${probes.sent - probes.answered} probes of health were not answered`,
    ),
    unless(recoveredMs <= RECOVERED_MS, `it recovered after ${recoveredMs.toFixed(0)} ms`),
  ]);
}

/** Correct answers a second to clients that wait for each answer. */
async function measureCapacity(
  clients: readonly GoClient[],
  reviews: readonly LabelledReview[],
  milliseconds: number,
): Promise<number> {
  const tally = new Tally();
  const ask = async (number: number): Promise<string | undefined> => {
    const [client, review] = [clients[number % clients.length], reviews[number % reviews.length]];
    return client && review && tally.ask({ client, review, timeoutMs: TIMEOUT_MS });
  };
  const rate = await measureRate(ask, CALLERS, milliseconds);
  return rate * (tally.count('right') / tally.count('sent'));
}

/** Calls both probes every second, as a kubelet does. */
function watchHealth(gate: Gate): { stop: () => Promise<{ sent: number; answered: number }> } {
  const stopped = new AbortController();
  let [sent, answered] = [0, 0];
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      for (const page of ['/livez', '/readyz']) {
        sent += 1;
        if ((await gate.look(page)).status === 200) answered += 1;
      }
      await delay(1000);
    }
  };
  const watching = watch();
  return {
    stop: async () => {
      stopped.abort();
      await watching;
      return { sent, answered };
    },
  };
}

/** Milliseconds from the end of the load to the first second in which all answers are correct and fast. */
async function untilRight(options: Omit<TrafficOptions, 'tally'>): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs < 2 * RECOVERED_MS) {
    const tally = new Tally();
    const begunMs = performance.now() - startMs;
    using traffic = new Traffic({ ...options, tally });
    await delay(1000);
    await traffic.stop();
    const isPrompt = tally.latency('outside', 0.99) < RECOVERED_P99_MS;
    if (isPrompt && tally.count('right') === tally.count('sent')) return begunMs;
  }
  return Number.POSITIVE_INFINITY;
}
