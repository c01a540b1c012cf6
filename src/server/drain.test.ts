import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bouncer } from '../bouncer.ts';
import { admitted, ask, keepAliveAgent, open, readToEnd, startGate } from '#test/review-server.ts';

/** Decides after a delay. */
function slowBouncer(milliseconds: number): Bouncer {
  return { decide: () => sleep(milliseconds, admitted) };
}

describe('a drain', { concurrency: true, timeout: 20_000 }, () => {
  it('without it connections stay open and new ones are accepted', async () => {
    await using gate = await startGate();
    const agent = keepAliveAgent();
    for (let count = 0; count < 3; count += 1) {
      const reply = await ask(gate, { agent });
      assert.deepEqual([reply.status, reply.headers.connection], [200, 'keep-alive']);
    }
    assert.equal(gate.checks.shutdown?.(), undefined);
    assert.equal(gate.checks.listener?.(), undefined);
    agent.destroy();
  });

  it('makes the gate unready immediately; it continues to serve, and each connection closes after its next response', async () => {
    await using gate = await startGate();
    const agent = keepAliveAgent();
    await ask(gate, { agent });
    const started = performance.now();
    const drained = gate.drain({ graceMs: 300, finishMs: 5000 });
    assert.equal(gate.checks.shutdown?.(), 'shutting down');
    for (const pauseMs of [0, 50, 50]) {
      await sleep(pauseMs);
      const [old, fresh] = [await ask(gate, { agent }), await ask(gate)];
      assert.deepEqual([old.status, old.headers.connection], [200, 'close']);
      assert.deepEqual([fresh.status, fresh.headers.connection], [200, 'close']);
    }
    await drained;
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 280 && tookMs < 4000, `${tookMs} ms`);
    assert.equal(gate.checks.listener?.(), 'not listening');
    await assert.rejects(ask(gate), { code: 'ECONNREFUSED' });
  });

  it('closes idle and silent connections after the grace time, and finishes open reviews', async () => {
    await using gate = await startGate({ bouncer: slowBouncer(500) });
    const silent = await open(gate);
    const ended: string[] = [];
    const deciding = ask(gate).then((reply) => {
      ended.push('deciding');
      return reply;
    });
    await sleep(50);
    const drained = gate.drain({ graceMs: 50, finishMs: 5000 });
    await readToEnd(silent).then(() => ended.push('silent'));
    const reply = await deciding;
    assert.deepEqual([reply.status, reply.headers.connection], [200, 'close']);
    await drained;
    assert.deepEqual(ended, ['silent', 'deciding']);
  });

  it('does not wait for ever', async () => {
    await using gate = await startGate({ bouncer: { decide: () => new Promise(() => {}) } });
    const deciding = assert.rejects(ask(gate), { code: 'ECONNRESET' });
    await sleep(50);
    const started = performance.now();
    await gate.drain({ graceMs: 50, finishMs: 150 });
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 180 && tookMs < 4000, `${tookMs} ms`);
    await deciding;
  });

  it('closes immediately when it is called a second time', async () => {
    await using gate = await startGate({ bouncer: { decide: () => new Promise(() => {}) } });
    const deciding = assert.rejects(ask(gate), { code: 'ECONNRESET' });
    await sleep(50);
    const first = gate.drain({ graceMs: 60_000 });
    const started = performance.now();
    await gate.drain();
    await first;
    await deciding;
    assert.ok(performance.now() - started < 4000);
  });
});
