import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  admitted,
  ask,
  createTestRecorder,
  open,
  rawReview,
  readToEnd,
  startGate,
} from '#test/review-server.ts';
import type { Bouncer } from '../bouncer.ts';

const body = JSON.stringify({ uid: 'u-1' });

/** A gate with a clock that only its bouncer advances. It records the budget of each review. */
async function startSlow(advanceMs: number) {
  const { recorder, late } = createTestRecorder();
  const time = { nowMs: 1000 };
  const budgets: number[] = [];
  const bouncer: Bouncer = {
    decide: (_review, budgetMs) => {
      budgets.push(budgetMs);
      time.nowMs += advanceMs;
      return admitted;
    },
  };
  const gate = await startGate({ bouncer, recorder, now: () => time.nowMs });
  return { gate, late, time, budgets, [Symbol.asyncDispose]: () => gate.close() };
}

describe('an answer after the timeout of its caller', { timeout: 20_000 }, () => {
  for (const [advanceMs, query, counted] of [
    [2999, '?timeout=3s', 0],
    [3001, '?timeout=3s', 1],
    [9999, '', 0],
    [10_001, '', 1],
    [10_001, '?timeout=30s', 1],
  ] as const) {
    it(`XH3 is counted: ${advanceMs} ms with ${query === '' ? 'no timeout' : query}`, async () => {
      await using slow = await startSlow(advanceMs);
      await ask(slow.gate, { path: `/${query}`, body });
      assert.deepEqual(
        slow.late,
        Array.from({ length: counted }, () => 'AdmissionReview'),
      );
    });
  }

  it('XH3 is counted if the caller has closed the connection', async () => {
    const { recorder, late } = createTestRecorder();
    const time = { nowMs: 1000 };
    const { promise, resolve } = Promise.withResolvers<typeof admitted>();
    const bouncer: Bouncer = { decide: () => promise };
    await using gate = await startGate({ bouncer, recorder, now: () => time.nowMs });
    const socket = await open(gate);
    socket.write(rawReview('u-1'));
    while (gate.inflight === 0) await new Promise(setImmediate);
    for (let turns = 0; turns < 50; turns += 1) await new Promise(setImmediate);
    time.nowMs += 11_000;
    socket.destroy();
    while (gate.inflight > 0) await new Promise(setImmediate);
    resolve(admitted);
    await promise;
    assert.deepEqual(late, ['AdmissionReview']);
  });
});

describe('the time of the first review of a connection', { timeout: 20_000 }, () => {
  it('XH3 begins when the connection may have been opened', async () => {
    await using slow = await startSlow(0);
    const socket = await open(slow.gate);
    slow.time.nowMs += 30;
    const answer = readToEnd(socket);
    socket.write(rawReview('u-1', ['connection: close']));
    assert.match(await answer, /"admitted"/);
    assert.deepEqual(slow.budgets, [9500 - 30]);
  });
});
