import { parentPort, workerData } from 'node:worker_threads';
import { createRandom } from '../fuzz/random.ts';
import { heavyReviews } from './heavy-reviews.ts';
import type { HeavyOptions, HeavyReport } from './heavy-traffic.ts';
import { GoClient } from './go-client.ts';
import { Tally } from './tally.ts';

// In a separate thread, because the encryption of seven megabytes would delay the measurements.
const { gate, seed, lanes, timeoutMs, weights, secretly } = workerData as HeavyOptions;
const tally = new Tally();
tally.faulty = true;
const client = new GoClient(gate);
const next = heavyReviews(weights, createRandom(seed));
let sent = 0;
const stopped = new AbortController();

async function ask(): Promise<void> {
  while (!stopped.signal.aborted) {
    sent += 1;
    const find = await tally.ask({ client, review: next(sent), timeoutMs, secretly });
    // After a request without an answer, wait before the next.
    if (find === 'noAnswer') await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

parentPort?.once('message', () => stopped.abort());
await Promise.all(Array.from({ length: lanes }, ask));
client[Symbol.dispose]();
const report: HeavyReport = {
  text: String(tally),
  sent: tally.count('sent'),
  right: tally.count('right'),
  late: tally.count('late'),
  failOpen: tally.count('failOpen'),
  faults: tally.faults(),
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(report);
