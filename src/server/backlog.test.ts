import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Backlog, type QueuedReview } from './backlog.ts';

const SMALL = 100;
const LARGE = 101;
/** Large because of its images. */
const IMAGES = 102;

/** A backlog with a clock and a lag set by the test, and a record of what happened to each review, by name. */
function setUp(limits: Partial<{ queuedReviews: number; queueMs: number; sliceMs: number }> = {}) {
  const events: string[] = [];
  const time = { nowMs: 0, lagMs: 0 };
  const backlog = new Backlog({
    limits: { queuedReviews: 10, queueMs: 500, sliceMs: 20, ...limits },
    lag: { at: () => time.lagMs },
    now: () => time.nowMs,
  });
  const review = (name: string, bytes: number, deciding?: () => void | Promise<void>): QueuedReview => ({
    isLong: bytes > SMALL && bytes !== IMAGES,
    isLarge: bytes > SMALL,
    isOver: false,
    decide: () => {
      events.push(name);
      return deciding?.();
    },
    shed: (reason) => events.push(`${name} ${reason}`),
  });
  const submit = (name: string, bytes = SMALL, deciding?: () => void | Promise<void>): void =>
    backlog.submit(review(name, bytes, deciding));
  return { backlog, events, time, submit, review };
}

describe('the backlog', () => {
  it('decides a small review immediately while the loop is on time, otherwise in the next turn, in order', async () => {
    const { backlog, events, time, submit } = setUp();
    submit('a');
    assert.deepEqual(events, ['a']);
    time.lagMs = 20;
    submit('b');
    time.lagMs = 0;
    submit('c');
    assert.deepEqual([events, backlog.size], [['a'], 2]);
    await turn();
    assert.deepEqual([events, backlog.size], [['a', 'b', 'c'], 0]);
    submit('d');
    assert.equal(events.at(-1), 'd');
  });

  it('F20 decides one large review in a turn, after the small ones that have arrived meanwhile', async () => {
    const { events, time, submit } = setUp();
    for (const name of ['L1', 'L2', 'L3']) submit(name, LARGE);
    assert.deepEqual(events, [], 'never in the turn in which it comes');
    await turn();
    submit('a');
    time.lagMs = 100;
    submit('b');
    await turn();
    submit('c');
    await turn();
    assert.deepEqual(events, ['L1', 'a', 'b', 'L2', 'c', 'L3']);
  });

  it('F20 decides small reviews that wait before the next large one, unless that one has waited for seconds', async () => {
    const { events, time, submit } = setUp({ queuedReviews: 20 });
    time.lagMs = 20;
    const busy = (milliseconds: number) => () => void (time.nowMs += milliseconds);
    submit('L1', LARGE, busy(60));
    submit('L2', LARGE, busy(60));
    await turn();
    for (const name of 'abcdefghij') submit(name, SMALL, busy(10));
    for (let turns = 0; turns < 60; turns += 1) await turn();
    assert.equal(events.join(' '), 'L1 a b c d e f g h i j L2');
    submit('L3', LARGE);
    time.nowMs += 2001;
    for (const name of 'klmno') submit(name, SMALL, busy(10));
    for (let turns = 0; turns < 60; turns += 1) await turn();
    assert.equal(events.slice(12).join(' '), 'k l m L3 n o');
  });

  it('allows the event loop to read the sockets after a slice of small reviews', async () => {
    const { events, time, submit } = setUp({ sliceMs: 20 });
    time.lagMs = 20;
    for (const name of ['a', 'b', 'c', 'd', 'e']) submit(name, SMALL, () => void (time.nowMs += 15));
    await turn();
    assert.deepEqual(events, ['a', 'b', 'c']);
    await turn();
    assert.deepEqual(events, ['a', 'b', 'c'], 'connections are accepted in the turns between two slices');
    for (let turns = 0; turns < 8; turns += 1) await turn();
    assert.deepEqual(events, ['a', 'b', 'c', 'd', 'e']);
  });

  it('XH3 decides small reviews immediately for one slice, and the others in later turns', async () => {
    const { events, time, submit } = setUp({ sliceMs: 20 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) submit(name, SMALL, () => void (time.nowMs += 15));
    assert.deepEqual(events, ['a', 'b']);
    await turn();
    assert.deepEqual(events, ['a', 'b', 'c', 'd', 'e']);
    submit('f', SMALL, () => void (time.nowMs += 15));
    assert.equal(events.at(-1), 'f', 'after a pause there is time again');
  });

  it('XH3 decides a review with many images immediately while the gate is idle, otherwise in its turn', async () => {
    const { events, time, submit } = setUp();
    submit('i', IMAGES, () => void (time.nowMs += 15));
    submit('j', IMAGES);
    submit('a');
    assert.deepEqual(events, ['i', 'a']);
    await turn();
    assert.deepEqual(events, ['i', 'a', 'j']);
    submit('L', LARGE);
    submit('k', IMAGES);
    assert.equal(events.at(-1), 'j', 'a large review waits');
  });

  it('sheds a review if too many wait before it, including large ones and those being decided', async () => {
    const { backlog, events, submit } = setUp({ queuedReviews: 2 });
    const facts = Promise.withResolvers<void>();
    submit('slow', SMALL, () => facts.promise);
    submit('L1', LARGE);
    submit('a');
    submit('L2', LARGE);
    assert.deepEqual(events, ['slow', 'a queue', 'L2 queue']);
    facts.resolve();
    await turn();
    assert.equal(backlog.size, 0);
    submit('b');
    assert.deepEqual(events.slice(-2), ['L1', 'b']);
  });

  it('sheds small reviews that have waited for too long, and those that arrive after them', async () => {
    const { events, time, submit } = setUp({ queueMs: 500 });
    time.lagMs = 20;
    submit('a');
    submit('L', LARGE);
    time.nowMs = 501;
    submit('b');
    assert.deepEqual(events, ['b wait']);
    await turn();
    assert.deepEqual(events, ['b wait', 'a wait', 'L']);
    submit('c');
    await turn();
    assert.equal(events.at(-1), 'c', 'and recovers at once');
  });

  it('continues after a review that throws, and skips reviews whose connections have closed', async () => {
    const { backlog, events, time, submit, review } = setUp();
    time.lagMs = 20;
    const thrown: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    submit('a', SMALL, () => {
      throw new Error('injected');
    });
    backlog.submit({ ...review('gone', SMALL), isOver: true });
    submit('b');
    await turn();
    await turn();
    for (const listener of others) process.on('uncaughtException', listener);
    assert.deepEqual([events, thrown.length, backlog.size], [['a', 'b'], 1, 0]);
  });
});
