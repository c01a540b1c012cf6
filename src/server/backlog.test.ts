import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Backlog, type QueuedReview } from './backlog.ts';

const SMALL = 100;
const LARGE = 101;

/** A backlog whose clock and lag are told, and what became of reviews by their names. */
function setUp(limits: Partial<{ queuedReviews: number; queueMs: number; sliceMs: number }> = {}) {
  const told: string[] = [];
  const time = { nowMs: 0, lagMs: 0 };
  const backlog = new Backlog({
    limits: { largeBytes: SMALL, queuedReviews: 10, queueMs: 500, sliceMs: 20, ...limits },
    lag: { at: () => time.lagMs },
    now: () => time.nowMs,
  });
  const review = (name: string, bytes: number, deciding?: () => void | Promise<void>): QueuedReview => ({
    bytes,
    isOver: false,
    decide: () => {
      told.push(name);
      return deciding?.();
    },
    shed: (reason) => told.push(`${name} ${reason}`),
  });
  const take = (name: string, bytes = SMALL, deciding?: () => void | Promise<void>): void =>
    backlog.submit(review(name, bytes, deciding));
  return { backlog, told, time, take, review };
}

describe('the backlog', () => {
  it('decides a small review as it comes while the loop keeps time, else in the next turn, in order', async () => {
    const { backlog, told, time, take } = setUp();
    take('a');
    assert.deepEqual(told, ['a']);
    time.lagMs = 20;
    take('b');
    time.lagMs = 0;
    take('c');
    assert.deepEqual([told, backlog.size], [['a'], 2]);
    await turn();
    assert.deepEqual([told, backlog.size], [['a', 'b', 'c'], 0]);
    take('d');
    assert.equal(told.at(-1), 'd');
  });

  it('F20 decides one large review in a turn, behind the small ones that have come meanwhile', async () => {
    const { told, time, take } = setUp();
    for (const name of ['L1', 'L2', 'L3']) take(name, LARGE);
    assert.deepEqual(told, [], 'never in the turn in which it comes');
    await turn();
    take('a');
    time.lagMs = 100;
    take('b');
    await turn();
    take('c');
    await turn();
    assert.deepEqual(told, ['L1', 'a', 'b', 'L2', 'c', 'L3']);
  });

  it('F20 decides small reviews that wait before the next large one, unless that has waited for seconds', async () => {
    const { told, time, take } = setUp({ queuedReviews: 20 });
    time.lagMs = 20;
    const busy = (milliseconds: number) => () => void (time.nowMs += milliseconds);
    take('L1', LARGE, busy(60));
    take('L2', LARGE, busy(60));
    await turn();
    for (const name of 'abcdefghij') take(name, SMALL, busy(10));
    for (let turns = 0; turns < 6; turns += 1) await turn();
    assert.equal(told.join(' '), 'L1 a b c d e f g h i j L2');
    take('L3', LARGE);
    time.nowMs += 2001;
    for (const name of 'klmno') take(name, SMALL, busy(10));
    for (let turns = 0; turns < 6; turns += 1) await turn();
    assert.equal(told.slice(12).join(' '), 'k l m L3 n o');
  });

  it('looks at its sockets again when a slice of small reviews is over', async () => {
    const { told, time, take } = setUp({ sliceMs: 20 });
    time.lagMs = 20;
    for (const name of ['a', 'b', 'c', 'd', 'e']) take(name, SMALL, () => void (time.nowMs += 15));
    await turn();
    assert.deepEqual(told, ['a', 'b', 'c']);
    await turn();
    assert.deepEqual(told, ['a', 'b', 'c', 'd', 'e']);
  });

  it('sheds what finds too many before it, large ones and those that are being decided among them', async () => {
    const { backlog, told, take } = setUp({ queuedReviews: 2 });
    const facts = Promise.withResolvers<void>();
    take('slow', SMALL, () => facts.promise);
    take('L1', LARGE);
    take('a');
    take('L2', LARGE);
    assert.deepEqual(told, ['slow', 'a queue', 'L2 queue']);
    facts.resolve();
    await turn();
    assert.equal(backlog.size, 0);
    take('b');
    assert.deepEqual(told.slice(-2), ['L1', 'b']);
  });

  it('sheds small reviews that have waited for too long, and those that come behind them', async () => {
    const { told, time, take } = setUp({ queueMs: 500 });
    time.lagMs = 20;
    take('a');
    take('L', LARGE);
    time.nowMs = 501;
    take('b');
    assert.deepEqual(told, ['b wait']);
    await turn();
    assert.deepEqual(told, ['b wait', 'a wait', 'L']);
    take('c');
    await turn();
    assert.equal(told.at(-1), 'c', 'and recovers at once');
  });

  it('goes on when a review throws, and passes over those whose callers are gone', async () => {
    const { backlog, told, time, take, review } = setUp();
    time.lagMs = 20;
    const thrown: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    take('a', SMALL, () => {
      throw new Error('injected');
    });
    backlog.submit({ ...review('gone', SMALL), isOver: true });
    take('b');
    await turn();
    await turn();
    for (const listener of others) process.on('uncaughtException', listener);
    assert.deepEqual([told, thrown.length, backlog.size], [['a', 'b'], 1, 0]);
  });
});
