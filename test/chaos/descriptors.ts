import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startGate, type Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { labelledReviews } from './labelled-reviews.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const DESCRIPTORS = 256;
const CLIENTS = 2000;
const RATE = 50;
const RECOVERED_MS = 5000;
const IN_A_ROW = 200;

export const descriptors: Scenario = {
  id: 'R17',
  title: 'no file descriptor left',
  goal: '256 descriptors, 2,000 clients: no crash, recovered within 5 s of their end',
  run: (chaos) => exhaust(chaos, { holdMs: chaos.quick ? 4000 : 20_000, clientsLeave: true }),
  control: {
    title: 'clients that do not end',
    run: (chaos) => exhaust(chaos, { holdMs: 2000, clientsLeave: false }),
  },
};

interface Plan {
  readonly holdMs: number;
  readonly clientsLeave: boolean;
}

async function exhaust({ stand, seed }: Chaos, { holdMs, clientsLeave }: Plan): Promise<Trial> {
  const wrapper = ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  await using gate = await startGate(stand, { wrapper });
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE, timeoutMs: 2000, maxInflight: 400 });
  await delay(1000);
  tally.faulty = true;
  const crowd = new Crowd(gate);
  await delay(holdMs);
  if (clientsLeave) crowd.leave();
  const tookMs = await untilAnswered(gate, seed);
  crowd.leave();
  // All reviews so far were sent during the fault.
  await delay(500);
  await traffic.stop();
  const health = await gate.look('/readyz');
  return trialOf(
    tally,
    `${CLIENTS} clients for ${holdMs / 1000} s, answered ${tookMs.toFixed(0)} ms after their end`,
    [
      ...tally.faults(),
      unless(gate.ending() === undefined, `the gate ended with ${gate.ending()}`),
      unless(tookMs <= RECOVERED_MS, `the gate answered after ${tookMs.toFixed(0)} ms`),
      unless(health.status === 200, `readyz says ${health.status}`),
    ],
  );
}

/** Clients that connect and send nothing. A client that is refused connects again. */
class Crowd {
  readonly #open = new Set<Socket>();
  readonly #port: number;
  #present = true;

  constructor({ port }: Pick<Gate, 'port'>) {
    this.#port = port;
    for (let count = 0; count < CLIENTS; count += 1) this.#come();
  }

  leave(): void {
    this.#present = false;
    for (const socket of this.#open) socket.destroy();
  }

  #come(): void {
    const socket = connect(this.#port, '127.0.0.1');
    this.#open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#open.delete(socket);
      setTimeout(() => this.#present && this.#come(), 200).unref();
    });
  }
}

/**
 * Milliseconds until this number of consecutive new connections get an answer. A single connection may find a free
 * descriptor by chance.
 */
async function untilAnswered(gate: Gate, seed: number): Promise<number> {
  const reviews = labelledReviews(seed, IN_A_ROW);
  const startMs = performance.now();
  let answered = 0;
  let firstMs = 0;
  while (performance.now() - startMs < 2 * RECOVERED_MS) {
    if (answered === 0) firstMs = performance.now() - startMs;
    using client = new GoClient(gate);
    const review = reviews[answered];
    if (review === undefined) return firstMs;
    const reply = await client.post(review.path, review.body, 1000).catch(() => undefined);
    answered = reply === undefined ? 0 : answered + 1;
    if (answered === 0) await delay(50);
  }
  return Number.POSITIVE_INFINITY;
}
