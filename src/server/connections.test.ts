import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { Bouncer } from '../bouncer.ts';
import { admitted, ask, open, rawReview, readToEnd, startGate } from '#test/review-server.ts';
import type { ReviewServer } from './server.ts';

const limits = { bodyBytes: 1000, receivingBytes: 1000 };
const REFUSED = 'GET / HTTP/1.1\r\nhost: gate\r\n\r\n';
const PART = `POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n${'x'.repeat(900)}`;

/** Until the gate has taken so many requests, and what came with them. */
async function inflight(gate: ReviewServer, count: number): Promise<void> {
  while (gate.inflight !== count) await new Promise(setImmediate);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

/** Large enough to find no room beside one that is still held. */
async function assertRoom(gate: ReviewServer): Promise<void> {
  const body = JSON.stringify({ uid: 'u-1', pad: 'x'.repeat(900) });
  const reply = await ask(gate, { body });
  assert.equal(JSON.parse(reply.text).outcome, 'admitted');
}

/** Keeps from every response of this gate that it has closed. */
function muteResponses({ port }: ReviewServer): Disposable {
  const mute = (message: unknown): void => {
    const { response } = message as { response: ServerResponse };
    if (response.req.socket.localPort !== port) return;
    const emit = response.emit.bind(response);
    response.emit = (name: string | symbol, ...rest: unknown[]) => name !== 'close' && emit(name, ...rest);
  };
  subscribe('http.server.request.start', mute);
  return { [Symbol.dispose]: () => unsubscribe('http.server.request.start', mute) };
}

/** Decides about `slow` when it is told to, and about all others at once. */
function slowBouncer() {
  const { promise, resolve } = Promise.withResolvers<typeof admitted>();
  const bouncer: Bouncer = { decide: ({ uid }) => (uid === 'slow' ? promise : admitted) };
  return { bouncer, decide: () => resolve(admitted) };
}

/** A connection on which the first of two reviews has been answered and the second has not. */
async function halfAnswered(gate: ReviewServer) {
  const socket = await open(gate);
  const answers = readToEnd(socket);
  socket.write(rawReview('quick') + rawReview('slow', ['connection: close']));
  await inflight(gate, 1);
  return { answers };
}

function uidsOf(answers: string): string[] {
  return Array.from(answers.matchAll(/"uid":"(\w+)","outcome":"admitted"/g), ([, uid = '']) => uid);
}

describe('a connection', { concurrency: true, timeout: 20_000 }, () => {
  it('F17 gives back what it held when it closes, although no response is told', async () => {
    await using gate = await startGate({ limits });
    using _muted = muteResponses(gate);
    const socket = await open(gate);
    socket.write(PART);
    await inflight(gate, 1);
    socket.destroy();
    await inflight(gate, 0);
    await assertRoom(gate);
  });

  it('F17 gives back what came behind a request that was its last', async () => {
    await using gate = await startGate({ limits });
    for (let count = 0; count < 3; count += 1) {
      const socket = await open(gate);
      socket.write(REFUSED + PART + PART);
      assert.match(await readToEnd(socket), /^HTTP\/1\.1 405 /);
    }
    await inflight(gate, 0);
    await assertRoom(gate);
    await inflight(gate, 0);
  });

  it('F17 is not idle while one of its reviews is decided: a drain waits for it', async () => {
    const { bouncer, decide } = slowBouncer();
    await using gate = await startGate({ bouncer });
    const { answers } = await halfAnswered(gate);
    const drained = gate.drain({ graceMs: 0, finishMs: 10_000 });
    while (gate.checks.listener?.() === undefined) await new Promise(setImmediate);
    decide();
    assert.deepEqual(uidsOf(await answers), ['quick', 'slow']);
    await drained;
  });

  it('F17 nor does it give way to others then', async () => {
    const { bouncer, decide } = slowBouncer();
    await using gate = await startGate({ bouncer, limits: { connections: 4 } });
    const { answers } = await halfAnswered(gate);
    for (let count = 0; count < 10; count += 1) (await open(gate)).resume();
    decide();
    assert.deepEqual(uidsOf(await answers), ['quick', 'slow']);
  });
});
