import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { describe, it } from 'node:test';
import { askImages, look, send, type Answer } from './ask.ts';
import { certificates } from './certificates.ts';
import { startServe, type GateProcess } from './gate-process.ts';
import { imageReviewOfImages } from '../support/reviews.ts';
import { openReview } from './slow-client.ts';

const GOOD = 'nginx:1.27.3';
const CLIENTS = 25;
const BEFORE = 2;
const AFTER = 2;

/** Result of a load that continued for a while after SIGTERM. */
interface Outcome {
  readonly answers: readonly Answer[];
  /** Answers to requests that were sent after the signal. */
  readonly late: readonly Answer[];
  readonly failures: readonly unknown[];
}

/**
 * Clients that keep their connections, as Go's client does, and send one request after the other. SIGTERM is sent
 * meanwhile.
 */
async function terminateUnderLoad(gate: GateProcess): Promise<Outcome> {
  const { authority: ca } = await certificates;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const [answers, late, failures]: [Answer[], Answer[], unknown[]] = [[], [], []];
  const ask = async (kept: Answer[]): Promise<void> => {
    try {
      kept.push(await send(gate, '/image_policy', imageReviewOfImages([GOOD]), { ca, agent }));
    } catch (error) {
      failures.push(error);
    }
  };
  let warm = 0;
  const isWarm = Promise.withResolvers<void>();
  const over = new AbortController();
  const client = async (): Promise<void> => {
    for (let count = 0; count < BEFORE; count += 1) await ask(answers);
    warm += 1;
    if (warm === CLIENTS) isWarm.resolve();
    // The load continues during the signal.
    while (!over.signal.aborted) await ask(answers);
    for (let count = 0; count < AFTER; count += 1) await ask(late);
  };
  const clients = Array.from({ length: CLIENTS }, client);
  await isWarm.promise;
  gate.kill('SIGTERM');
  await gate.line('leaving');
  over.abort();
  await Promise.all(clients);
  agent.destroy();
  return { answers, late, failures };
}

async function secureGate(drain: number): Promise<GateProcess> {
  const { certificateFile, keyFile } = await certificates;
  return startServe(['-c', certificateFile, '-k', keyFile, `--drain=${drain}`]);
}

describe('shutdown', { concurrency: 4 }, () => {
  it('flip: --drain SIGTERM under load fails no request until the drain is over', async () => {
    await using gate = await secureGate(3);
    const { answers, late, failures } = await terminateUnderLoad(gate);
    const [ready, alive] = await Promise.all([look(gate, '/readyz'), look(gate, '/livez')]);
    assert.deepEqual(failures, []);
    assert.equal(late.length, CLIENTS * AFTER);
    const allowed = ({ status, body }: Answer) => status === 200 && body.includes('"allowed":true');
    assert.ok([...answers, ...late].every(allowed));
    assert.ok(answers.some(({ headers }) => headers['connection'] !== 'close'));
    assert.ok(late.every(({ headers }) => headers['connection'] === 'close'));
    assert.equal(ready.status, 503);
    assert.match(ready.body, /^\[-\]shutdown failed: shutting down$/m);
    assert.equal(alive.status, 200);
    assert.equal(await gate.ended, 0);
  });

  it('control: the same load without a drain fails', async () => {
    await using gate = await secureGate(0);
    const { failures } = await terminateUnderLoad(gate);
    assert.notEqual(failures.length, 0);
    assert.equal(await gate.ended, 0);
  });

  it('SIGUSR1 opens no inspector (K10), and open requests at the end of the drain are answered', async () => {
    await using gate = await startServe(['--drain=0']);
    gate.kill('SIGUSR1');
    using review = await openReview(gate, '/image_policy', GOOD);
    gate.kill('SIGTERM');
    await gate.line('leaving');
    assert.match(await review.finish(), /"allowed":true/);
    assert.equal(await gate.ended, 0);
    assert.doesNotMatch(gate.stderr(), /debugger|inspector/i);
    assert.equal(gate.lines().at(-1)?.['msg'], 'left');
    assert.ok(gate.lines().some(({ msg }) => msg === 'decision'));
  });

  it('SIGTERM right after the start causes an ordinary shutdown', async () => {
    const preload = `
      const { stderr } = process;
      const write = stderr.write.bind(stderr);
      stderr.write = (...said) => process.kill(process.pid, 'SIGTERM') && write(...said);
    `;
    await using gate = await startServe(['--drain=1'], { preload });
    assert.equal(await gate.ended, 0);
  });

  it('a second SIGTERM ends the gate immediately', async () => {
    await using gate = await startServe(['--drain=600']);
    using review = await openReview(gate, '/image_policy', GOOD);
    gate.kill('SIGTERM');
    await gate.line('leaving');
    assert.equal((await askImages(gate, [GOOD])).allowed, true);
    gate.kill('SIGTERM');
    assert.equal(await gate.ended, 0);
    await assert.rejects(review.finish(), { code: 'ECONNRESET' });
  });

  it('SIGINT ends the gate immediately, without a drain', async () => {
    await using gate = await startServe(['--drain=600']);
    await askImages(gate, [GOOD]);
    gate.kill('SIGINT');
    assert.equal(await gate.ended, 0);
    assert.equal((await gate.line('leaving'))['signal'], 'SIGINT');
  });
});
