// Times are shorter than the defaults: 0.4 s instead of 10 s, and 3 s instead of 120 s.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ask,
  createTestRecorder,
  keepAliveAgent,
  open,
  openPlain,
  rawReview,
  readToEnd,
  startGate,
} from '#test/review-server.ts';
import { startHealthServer } from './health.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const limits = {
  headersTimeoutMs: 400,
  requestTimeoutMs: 400,
  keepAliveTimeoutMs: 3000,
  checkIntervalMs: 20,
};

describe('time', { concurrency: true, timeout: 20_000 }, () => {
  it('F11 F16 the defaults give slow clients 10 s, and idle ones longer than Go’s client waits', () => {
    assert.ok(DEFAULT_LIMITS.headersTimeoutMs <= 10_000);
    assert.ok(DEFAULT_LIMITS.requestTimeoutMs <= 10_000);
    assert.ok(DEFAULT_LIMITS.handshakeTimeoutMs <= 5000);
    assert.ok(DEFAULT_LIMITS.checkIntervalMs <= 2000);
    assert.ok(DEFAULT_LIMITS.keepAliveTimeoutMs >= 95_000);
  });

  it('F11 headers or a body that arrive too slowly are cut off, and others are served meanwhile', async () => {
    const { recorder, rejections } = createTestRecorder();
    await using gate = await startGate({ limits, recorder });
    const trickle = async (first: string, byte: string) => {
      const socket = await open(gate);
      const started = performance.now();
      socket.write(first);
      const timer = setInterval(() => socket.write(byte), 50);
      const received = await readToEnd(socket);
      clearInterval(timer);
      return { received, tookMs: performance.now() - started };
    };
    const body =
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{';
    const [headers, bodies] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => trickle('POST / HTTP/1.1\r\nx: ', 'x'))),
      Promise.all(Array.from({ length: 20 }, () => trickle(body, ' '))),
      ask(gate).then(({ status }) => assert.equal(status, 200)),
    ]);
    for (const { tookMs } of [...headers, ...bodies]) assert.ok(tookMs < 2500, `${tookMs} ms`);
    for (const { tookMs } of [...headers, ...bodies]) assert.ok(tookMs > 300, `${tookMs} ms`);
    for (const { received } of [...headers, ...bodies]) assert.doesNotMatch(received, /admitted/);
    assert.ok(rejections.includes('REQUEST_TIMEOUT'));
  });

  it('F11 a slow handshake is cut off as well', async () => {
    await using gate = await startGate({ limits: { handshakeTimeoutMs: 300 } });
    const socket = await openPlain(gate);
    const started = performance.now();
    socket.write('\u0016');
    const timer = setInterval(() => socket.write('\u0003'), 50);
    await readToEnd(socket);
    clearInterval(timer);
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 250 && tookMs < 4000, `${tookMs} ms`);
  });

  it('F11 headers have a shorter timeout than the whole request', async () => {
    await using gate = await startGate({ limits: { ...limits, requestTimeoutMs: 60_000 } });
    const socket = await open(gate);
    socket.write('POST / HT');
    const started = performance.now();
    assert.match(await readToEnd(socket), /^HTTP\/1\.1 408 /);
    assert.ok(performance.now() - started < 2500);
  });

  it('F16 an idle connection stays open much longer than the timeouts of requests, and is used again', async () => {
    await using gate = await startGate({ limits });
    const agent = keepAliveAgent();
    for (const pauseMs of [0, 0, 1000]) {
      await sleep(pauseMs);
      const reply = await ask(gate, { agent });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.connection, 'keep-alive');
    }
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    agent.destroy();
  });

  it('F16 a connection without any request stays open, too (Go opens them in advance), and its first request has the full timeout', async () => {
    await using gate = await startGate({ limits });
    const [silent, slow] = [await open(gate), await open(gate)];
    await sleep(1000);
    silent.write(rawReview('u-1', ['connection: close']));
    assert.match(await readToEnd(silent), /admitted/);
    slow.write('POST / HT');
    assert.match(
      await readToEnd(slow),
      /^HTTP\/1\.1 408 .*\r\nconnection: close\r\ncontent-type: application\/json\r\n/,
    );
  });

  it('F16 idle and silent connections end later than Go’s client closes them', async () => {
    await using gate = await startGate({ limits: { ...limits, keepAliveTimeoutMs: 600 } });
    const [silent, idle] = [await open(gate), await open(gate)];
    idle.write(rawReview('u-1'));
    const started = performance.now();
    await Promise.all([readToEnd(silent), readToEnd(idle)]);
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 500 && tookMs < 5000, `${tookMs} ms`);
  });
});

describe('connections', { timeout: 20_000 }, () => {
  it('F16 answers a thousand requests on one connection', async () => {
    await using gate = await startGate();
    const agent = keepAliveAgent();
    for (let count = 0; count < 1000; count += 1) assert.equal((await ask(gate, { agent })).status, 200);
    agent.destroy();
  });

  it('F15 the connection that is idle for longest is closed at the limit, and the health port answers', async () => {
    const { recorder } = createTestRecorder();
    await using gate = await startGate({ limits: { connections: 20 } });
    const metrics = { contentType: 'text/plain', render: async () => '' };
    const health = { address: '127.0.0.1', port: 0, checks: gate.checks, metrics, recorder };
    await using healthServer = await startHealthServer(health);
    const agent = keepAliveAgent();
    assert.equal((await ask(gate, { agent })).status, 200);
    const strangers = [];
    for (let count = 0; count < 100; count += 1) {
      const stranger = await open(gate);
      // Some connections are silent, others have sent a review.
      if (count % 2 === 0) stranger.write(rawReview('u-1'));
      strangers.push(stranger.resume());
      // Used all the time, so it is never the connection that is idle for longest.
      if (count % 5 === 0) assert.equal((await ask(gate, { agent })).status, 200);
    }
    await sleep(50);
    assert.equal(Object.values(agent.freeSockets).flat().length, 1, 'the API server keeps its connection');
    assert.ok(strangers.filter((socket) => !socket.destroyed).length < 20);
    assert.equal((await ask(gate)).status, 200, 'and gets new ones');
    assert.equal((await fetch(`http://127.0.0.1:${healthServer.port}/readyz`)).status, 200);
    agent.destroy();
    for (const socket of strangers) socket.destroy();
  });
});
