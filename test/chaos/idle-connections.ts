import { setTimeout as delay } from 'node:timers/promises';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { createBouncer } from '../../src/bouncer.ts';
import type { ReviewServer } from '../../src/server/server.ts';
import { createRandom, type Random } from '../fuzz/random.ts';
import { NO_LATEST } from '../support/policies.ts';
import { keys, startGate } from '../support/review-server.ts';
import { GoClient } from './go-client.ts';
import { labelledReviews, type LabelledReview } from './labelled-reviews.ts';
import { trialOf, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';

/** Idle timeouts of both sides in milliseconds, 75 times shorter than in a cluster. */
interface Clocks {
  /** Timeout of the gate; Node adds a second. In a cluster: 120 s. */
  readonly server: number;
  /** Timeout of the API server. In a cluster: 90 s. */
  readonly client: number;
  /**
   * Half of the pauses differ from this by a few milliseconds. The other half are random, up to slightly more than
   * this.
   */
  readonly around: number;
  readonly requests: number;
}

const LANES = 200;
/** Maximum difference between half of the pauses and `around`. */
const SPREAD_MS = 25;
const SLACK_MS = 400;
/** The time that Node adds to `keepAliveTimeout`. */
const NODE_BUFFER_MS = 1000;

export const idleConnections: Scenario = {
  id: 'R10',
  title: 'a connection that was idle',
  goal: '10,000 requests at random idle gaps, 0 resets',
  run: (chaos) =>
    askAfterPauses(chaos, {
      server: 1600,
      client: 1200,
      around: 1200,
      requests: chaos.quick ? 1000 : 10_000,
    }),
  control: {
    title: 'a server that closes first',
    run: (chaos) => askAfterPauses(chaos, { server: 200, client: 3000, around: 1200, requests: 1000 }),
  },
};

async function askAfterPauses({ seed }: Chaos, clocks: Clocks): Promise<Trial> {
  await using server = await startGate({
    limits: { keepAliveTimeoutMs: clocks.server },
    bouncer: createBouncer({ policies: { current: () => NO_LATEST } }),
    protocols: { imageReview, admissionReview },
  });
  const tally = new Tally();
  const reviews = labelledReviews(seed, LANES);
  await Promise.all(
    reviews.map((review, lane) => askInLane(server, review, createRandom(seed + lane), clocks, tally)),
  );
  const numbers = `${LANES} clients that close after ${clocks.client} ms, a gate that closes after ${clocks.server + NODE_BUFFER_MS} ms`;
  return trialOf(tally, numbers, tally.faults());
}

/** Uses one connection at a time, with these pauses. */
async function askInLane(
  server: ReviewServer,
  review: LabelledReview,
  random: Random,
  { client: idleMs, around, requests }: Clocks,
  tally: Tally,
): Promise<void> {
  using client = new GoClient({ port: server.port, authority: keys.authority.certificate, idleMs });
  await delay(random.below(SLACK_MS));
  for (let count = 0; count < requests / LANES; count += 1) {
    await tally.ask({ client, review, timeoutMs: 5000 });
    const near = around - SPREAD_MS + random.below(2 * SPREAD_MS);
    await delay(random.chance(0.5) ? near : random.below(around + SLACK_MS));
  }
}
