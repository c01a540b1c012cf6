import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Socket } from 'node:net';
import { admitted, ask, createTestRecorder, open, readToEnd, startGate } from '#test/review-server.ts';
import type { Bouncer } from '../bouncer.ts';
import type { Limits } from './limits.ts';
import type { ReviewServer } from './server.ts';

/** A review of this length, whose uid is its name. */
function request(uid: string, bytes = 0, headers: readonly string[] = []): string {
  const body = JSON.stringify({ uid, pad: 'x'.repeat(bytes) });
  const type = 'content-type: application/json';
  const lines = ['POST /?timeout=10s HTTP/1.1', 'host: gate', type, `content-length: ${body.length}`];
  return [...lines, ...headers, '', body].join('\r\n');
}

const CLOSE = ['connection: close'];

/** The outcome in a response, with its code if it has one. */
function outcomeOf(answer: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 200 /);
  const { uid, outcome, code } = JSON.parse(body) as Record<string, string | undefined>;
  return [uid, outcome, code].filter((word) => word !== undefined).join(' ');
}

interface Scene extends AsyncDisposable {
  readonly gate: ReviewServer;
  readonly sockets: readonly Socket[];
  /** The uids of decided reviews, in order. */
  readonly decided: readonly string[];
  readonly shed: readonly string[];
}

/** A gate with open connections. What is written to all of them arrives in one turn of the event loop. */
async function scene(
  limits: Partial<Limits>,
  connections: number,
  onDecide?: (uid: string, scene: Scene) => void,
): Promise<Scene> {
  const decided: string[] = [];
  const { recorder, shed } = createTestRecorder();
  const bouncer: Bouncer = {
    decide: ({ uid = '' }) => {
      decided.push(uid);
      onDecide?.(uid, made);
      return admitted;
    },
  };
  const gate = await startGate({ bouncer, recorder, limits });
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(gate)));
  const made = { gate, sockets, decided, shed, [Symbol.asyncDispose]: () => gate.close() };
  return made;
}

function spin(milliseconds: number): void {
  const untilMs = performance.now() + milliseconds;
  while (performance.now() < untilMs);
}

describe('under load', { timeout: 20_000 }, () => {
  it('F20 small reviews are answered between two large ones that came before them', async () => {
    await using here = await scene({ largeBytes: 1000 }, 3, (_uid, { sockets, decided }) => {
      if (decided.length === 1) sockets[2]?.write(request('small', 0, CLOSE));
    });
    const answers = here.sockets.map(readToEnd);
    for (const [index, socket] of here.sockets.slice(0, 2).entries())
      socket.write(request(`large-${index}`, 2000, CLOSE));
    assert.deepEqual((await Promise.all(answers)).map(outcomeOf), [
      'large-0 admitted',
      'large-1 admitted',
      'small admitted',
    ]);
    assert.equal(here.decided.length, 3);
    assert.equal(here.decided[1], 'small', here.decided.join(' '));
  });

  it('XH3 a review with many images is large, too', async () => {
    await using here = await scene({ largeImages: 3 }, 4, (_uid, { sockets, decided }) => {
      spin(5);
      if (decided.length === 1) sockets[3]?.write(request('small', 0, CLOSE));
    });
    const answers = here.sockets.map(readToEnd);
    for (const [index, socket] of here.sockets.slice(0, 3).entries()) {
      const body = JSON.stringify({
        uid: `large-${index}`,
        images: Array.from({ length: 4 }, () => ({ image: 'app:1' })),
      });
      socket.write(request(`large-${index}`, 0, CLOSE).replace(/content-length: .*/s, ''));
      socket.write(`content-length: ${body.length}\r\n${CLOSE[0]}\r\n\r\n${body}`);
    }
    await Promise.all(answers);
    // The first one came while the gate was idle, the second one had its turn.
    assert.equal(here.decided.indexOf('small'), 2, here.decided.join(' '));
  });

  it('a review above the limit of the queue is refused immediately by its uid, and its connection stays open', async () => {
    await using here = await scene({ largeBytes: 1000, queuedReviews: 2 }, 5);
    const ended: string[] = [];
    const answers = here.sockets.map(async (socket) => {
      const outcome = outcomeOf(await readToEnd(socket));
      ended.push(outcome);
      return outcome;
    });
    for (const [index, socket] of here.sockets.entries()) socket.write(request(`u-${index}`, 2000, CLOSE));
    const outcomes = await Promise.all(answers);
    for (const [index, outcome] of outcomes.entries())
      assert.match(outcome, new RegExp(`^u-${index} (admitted|failed OVERLOADED)$`));
    assert.match(ended[0] ?? '', /OVERLOADED/);
    assert.deepEqual([here.decided.length, here.shed], [2, ['queue', 'queue', 'queue']]);
    const reply = await ask(here.gate, { body: JSON.stringify({ uid: 'later', pad: 'x'.repeat(2000) }) });
    assert.equal(JSON.parse(reply.text).outcome, 'admitted', 'and recovers');
  });

  it('a review that has waited for too long is refused by its uid, and each review is answered', async () => {
    const busy = () => spin(30);
    await using here = await scene({ queueMs: 50, sliceMs: 1 }, 20, busy);
    const answers = here.sockets.map(readToEnd);
    for (const [index, socket] of here.sockets.entries()) socket.write(request(`u-${index}`, 0, CLOSE));
    const outcomes = (await Promise.all(answers)).map(outcomeOf);
    for (const [index, outcome] of outcomes.entries())
      assert.match(outcome, new RegExp(`^u-${index} (admitted|failed OVERLOADED)$`));
    assert.ok(here.decided.length > 0 && here.decided.length < 20, `${here.decided.length} decided`);
    assert.deepEqual(here.shed, Array(20 - here.decided.length).fill('wait'));
    assert.match(outcomeOf(await readToEnd(await askAgain(here))), /^later admitted$/);
  });

  it('a body without room is refused by its uid after its end', async () => {
    await using here = await scene({ bodyBytes: 200_000, receivingBytes: 200_000 }, 2);
    const [first, second] = here.sockets;
    const answers = here.sockets.map(readToEnd);
    const whole = request('u-0', 190_000, CLOSE);
    first?.write(whole.slice(0, 180_000));
    while (here.gate.inflight < 1) await new Promise(setImmediate);
    for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
    second?.write(request('u-1', 100_000, CLOSE));
    assert.equal(outcomeOf((await answers[1]) ?? ''), 'u-1 failed OVERLOADED');
    first?.write(whole.slice(180_000));
    assert.equal(outcomeOf((await answers[0]) ?? ''), 'u-0 admitted');
    assert.deepEqual([here.decided, here.shed], [['u-0'], ['receiving']]);
    const reply = await ask(here.gate, { body: JSON.stringify({ uid: 'x', pad: 'x'.repeat(190_000) }) });
    assert.equal(JSON.parse(reply.text).outcome, 'admitted', 'and the room is given back');
  });

  it('F20 large bodies leave room for small ones', async () => {
    const limits = { bodyBytes: 10_000, largeBytes: 1000, receivingBytes: 16_000 };
    await using here = await scene(limits, 4);
    const answers = here.sockets.map(readToEnd);
    const [first, second, third, small] = here.sockets;
    for (const [index, socket] of [first, second].entries())
      socket?.write(request(`large-${index}`, 6500, CLOSE).slice(0, -1));
    while (here.gate.inflight < 2) await new Promise(setImmediate);
    for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
    third?.write(request('large-2', 2000, CLOSE));
    small?.write(request('small', 500, CLOSE));
    assert.equal(outcomeOf((await answers[2]) ?? ''), 'large-2 failed OVERLOADED');
    assert.equal(outcomeOf((await answers[3]) ?? ''), 'small admitted');
    assert.deepEqual([here.decided, here.shed], [['small'], ['receiving']]);
    for (const socket of [first, second]) socket?.destroy();
  });

  it('a review that waits for its turn keeps its memory until it is answered', async () => {
    await using here = await scene({ bodyBytes: 5000, largeBytes: 1000, receivingBytes: 5000 }, 3);
    const answers = here.sockets.map(readToEnd);
    for (const [index, socket] of here.sockets.entries()) socket.write(request(`u-${index}`, 2000, CLOSE));
    const outcomes = (await Promise.all(answers)).map(outcomeOf);
    assert.equal(outcomes.filter((outcome) => outcome.endsWith(' admitted')).length, 2);
    assert.deepEqual([here.decided.length, here.shed], [2, ['receiving']]);
  });
});

async function askAgain({ gate }: Scene): Promise<Socket> {
  const socket = await open(gate);
  socket.write(request('later', 0, CLOSE));
  return socket;
}
