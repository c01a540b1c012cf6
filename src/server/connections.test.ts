import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { Bouncer } from '../bouncer.ts';
import { admitted, ask, open, rawReview, readToEnd, startGate } from '#test/review-server.ts';
import { Connections } from './connections.ts';
import type { ReviewServer } from './server.ts';

describe('the begin of a request', () => {
  const socketOf = (): Socket => new PassThrough() as unknown as Socket;

  it('XH3 is the opening of its connection for the first request after the handshake, otherwise its arrival', () => {
    for (const [readyMs, arrivedMs, begin] of [
      [400, 400, 100],
      [400, 449, 100],
      [400, 350, 100],
      [400, 450, 450],
      [400, 50, 50],
    ] as const) {
      const connections = new Connections(10);
      const socket = socketOf();
      connections.addConnection(socket, 100);
      connections.addSocket(socket, readyMs);
      assert.equal(connections.beginOf(socket, arrivedMs), begin);
      assert.equal(connections.beginOf(socket, 9000), 9000, 'the second request');
    }
    assert.equal(new Connections(10).beginOf(socketOf(), 7), 7, 'an unknown connection');
  });
});

const limits = { bodyBytes: 1000, receivingBytes: 1000 };
const REFUSED = 'GET / HTTP/1.1\r\nhost: gate\r\n\r\n';
const PART = `POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n${'x'.repeat(900)}`;

/** Waits until the gate has this number of open requests, and has received their data. */
async function inflight(gate: ReviewServer, count: number): Promise<void> {
  while (gate.inflight !== count) await new Promise(setImmediate);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

/** Sends a body for which there is no room unless the earlier one was released. */
async function assertRoom(gate: ReviewServer): Promise<void> {
  const body = JSON.stringify({ uid: 'u-1', pad: 'x'.repeat(900) });
  const reply = await ask(gate, { body });
  assert.equal(JSON.parse(reply.text).outcome, 'admitted');
}

/** Suppresses the event `close` of every response of this gate. */
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

/** Decides the review `slow` when the test says so, and all others immediately. */
function slowBouncer() {
  const { promise, resolve } = Promise.withResolvers<typeof admitted>();
  const bouncer: Bouncer = { decide: ({ uid }) => (uid === 'slow' ? promise : admitted) };
  return { bouncer, decide: () => resolve(admitted) };
}

/** Opens a connection with one answered review and one open review. */
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
  it('F17 releases its memory when it closes, although no response emits `close`', async () => {
    await using gate = await startGate({ limits });
    using _muted = muteResponses(gate);
    const socket = await open(gate);
    socket.write(PART);
    await inflight(gate, 1);
    socket.destroy();
    await inflight(gate, 0);
    await assertRoom(gate);
  });

  it('F17 releases the memory of requests that followed its last one', async () => {
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

  it('F17 is not closed for a new connection while one of its reviews is decided', async () => {
    const { bouncer, decide } = slowBouncer();
    await using gate = await startGate({ bouncer, limits: { connections: 4 } });
    const { answers } = await halfAnswered(gate);
    for (let count = 0; count < 10; count += 1) (await open(gate)).resume();
    decide();
    assert.deepEqual(uidsOf(await answers), ['quick', 'slow']);
  });
});
