import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  APPROVAL,
  approvalOf,
  APPROVED,
  createTestClock,
  createTestSource,
  NOT_APPROVED,
  settleDown,
} from '#test/questions.ts';
import { Asker, type AskedQuestion, type AskerLimits, type AskerOptions } from './asker.ts';
import { type Answer, type Question, type Source, unavailable } from './question.ts';

const WEB = approvalOf('web:1');
const DB = approvalOf('db:1');

/** An asker with a source and a clock that the test moves. */
function open(limits: AskerLimits = {}, options: Partial<AskerOptions> = {}) {
  const clock = createTestClock();
  const { source, calls } = createTestSource();
  const asked: AskedQuestion[] = [];
  const failures: unknown[] = [];
  const asker = new Asker({
    sources: [source],
    clock,
    limits,
    onAsked: (one) => asked.push(one),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  /** The answer to one question of one review. */
  const ask = async (question: Question, withinMs = 1000): Promise<Answer> =>
    (await asker.ask([{ question, withinMs }]))(question);
  return { asker, ask, calls, clock, asked, failures };
}

/** A promise that is not settled yet, as the test sees it. */
function watch(promise: Promise<Answer>): { answer?: Answer } {
  const watched: { answer?: Answer } = {};
  void promise.then((answer) => (watched.answer = answer));
  return watched;
}

describe('an asker', () => {
  it('calls the source once for a question that is in a review twice, and once for all reviews that wait for it', async () => {
    const { asker, ask, calls } = open();
    const first = asker.ask([
      { question: WEB, withinMs: 1000 },
      { question: approvalOf('web:1'), withinMs: 500 },
      { question: DB, withinMs: 1000 },
    ]);
    const second = ask(WEB);
    assert.deepEqual(
      calls.map(({ subject }) => subject),
      ['web:1', 'db:1'],
    );
    calls[0]?.answer(APPROVED);
    calls[1]?.answer(NOT_APPROVED);
    const answerOf = await first;
    assert.deepEqual([answerOf(WEB), answerOf(DB), await second], [APPROVED, NOT_APPROVED, APPROVED]);
  });

  it('calls the source again for a question with another key or of another kind', async () => {
    const other = createTestSource('other');
    const { source, calls } = createTestSource();
    const { ask } = open({}, { sources: [source, other.source] });
    void ask(WEB);
    void ask(approvalOf('web:1', 'another user'));
    void ask({ ...WEB, kind: { ...APPROVAL, name: 'other' } });
    assert.deepEqual([calls.length, other.calls.length], [2, 1]);
  });

  it('waits for the longer time if a question is in a review twice', async () => {
    for (const times of [
      [100, 900],
      [900, 100],
    ]) {
      const { asker, calls, clock } = open();
      const answers = asker.ask(times.map((withinMs) => ({ question: WEB, withinMs })));
      clock.pass(899);
      assert.equal(calls[0]?.signal.aborted, false);
      calls[0]?.answer(APPROVED);
      assert.deepEqual((await answers)(WEB), APPROVED);
    }
  });

  it('stops a source only when the last review that waits has no time left', async () => {
    const { ask, calls, clock } = open();
    const short = watch(ask(WEB, 100));
    const long = watch(ask(WEB, 300));
    clock.pass(100);
    await settleDown();
    assert.deepEqual([short.answer, long.answer], [unavailable('DEADLINE'), undefined]);
    assert.equal(calls[0]?.signal.aborted, false);
    const latest = watch(ask(WEB, 1000));
    clock.pass(200);
    await settleDown();
    assert.deepEqual(long.answer, unavailable('DEADLINE'));
    assert.equal(calls[0]?.signal.aborted, false, 'a third review still waits');
    clock.pass(799);
    assert.equal(calls[0]?.signal.aborted, false);
    clock.pass(1);
    await settleDown();
    assert.equal(calls[0]?.signal.aborted, true);
    assert.deepEqual(latest.answer, unavailable('DEADLINE'));
    assert.deepEqual([calls.length, clock.timers()], [1, 0]);
  });

  it('ignores a late answer, also if the same question is open again', async () => {
    const { ask, calls, clock, failures } = open();
    const first = ask(WEB, 100);
    clock.pass(100);
    assert.deepEqual(await first, unavailable('DEADLINE'));
    const second = watch(ask(WEB, 100));
    assert.equal(calls.length, 2);
    calls[0]?.answer(APPROVED);
    await settleDown();
    assert.equal(second.answer, undefined);
    calls[1]?.answer(NOT_APPROVED);
    await settleDown();
    assert.deepEqual([second.answer, failures], [NOT_APPROVED, []]);
  });

  it('reports no failure of a source that stops at its signal', async () => {
    const { ask, calls, clock, failures } = open();
    const answer = ask(WEB, 100);
    calls[0]?.signal.addEventListener('abort', () => calls[0]?.reject(new Error('stopped')));
    clock.pass(100);
    assert.deepEqual(await answer, unavailable('DEADLINE'));
    await settleDown();
    assert.deepEqual(failures, []);
  });

  it('ends at its time, although each of its sources takes time before it returns a promise', async () => {
    const clock = createTestClock();
    const { source, calls } = createTestSource();
    const slow: Source = {
      kind: source.kind,
      ask: (question, signal) => {
        clock.pass(30);
        return source.ask(question, signal);
      },
    };
    const { asker } = open({}, { sources: [slow], clock });
    const questions = [1, 2, 3, 4].map((index) => ({ question: approvalOf(`app:${index}`), withinMs: 100 }));
    const answers = asker.ask(questions);
    assert.deepEqual([calls.length, clock.now(), clock.timers()], [4, 120, 0]);
    const answerOf = await answers;
    for (const { question } of questions) assert.deepEqual(answerOf(question), unavailable('DEADLINE'));
  });

  it('does not call a source if there is no time', async () => {
    const { ask, calls } = open();
    for (const withinMs of [0, -1, Number.NEGATIVE_INFINITY, Number.NaN])
      assert.deepEqual(await ask(WEB, withinMs), unavailable('DEADLINE'));
    assert.equal(calls.length, 0);
  });

  it('answers NO_SOURCE for a kind without a source', async () => {
    const { ask } = open({}, { sources: [] });
    assert.deepEqual(await ask(WEB), unavailable('NO_SOURCE'));
  });
});

describe('the limits of an asker', () => {
  const question = (index: number): Question => approvalOf(`app:${index}`);

  it('calls at most `calls` sources at the same time; other questions wait in their order', async () => {
    const { ask, calls } = open({ calls: 2 });
    const answers = [1, 2, 3, 4].map((index) => ask(question(index)));
    assert.deepEqual(
      calls.map(({ subject }) => subject),
      ['app:1', 'app:2'],
    );
    calls[1]?.answer(APPROVED);
    await settleDown();
    assert.equal(calls[2]?.subject, 'app:3');
    calls[0]?.reject(new Error('no route'));
    await settleDown();
    assert.equal(calls[3]?.subject, 'app:4');
    calls[2]?.answer(APPROVED);
    calls[3]?.answer(APPROVED);
    const outcomes = (await Promise.all(answers)).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['unavailable', 'known', 'known', 'known']);
  });

  it('does not call a source for a question whose time ended while it waited', async () => {
    const { ask, calls, clock } = open({ calls: 1 });
    const first = ask(question(1), 1000);
    const second = ask(question(2), 100);
    const third = ask(question(3), 1000);
    clock.pass(100);
    assert.deepEqual(await second, unavailable('DEADLINE'));
    calls[0]?.answer(APPROVED);
    await settleDown();
    assert.equal(calls[1]?.subject, 'app:3');
    calls[1]?.answer(APPROVED);
    assert.deepEqual(await Promise.all([first, third]), [APPROVED, APPROVED]);
  });

  it('calls no source for a question whose time ends with that of the question before it', async () => {
    const { asker, calls, clock } = open({ calls: 1 });
    const questions = [1, 2, 3].map((index) => ({ question: question(index), withinMs: 100 }));
    const answers = asker.ask(questions);
    clock.pass(100);
    await answers;
    assert.deepEqual([calls.length, clock.timers()], [1, 0]);
  });

  it('calls the source of the next question if a source ignores its signal', async () => {
    const { ask, calls, clock } = open({ calls: 1 });
    const first = ask(question(1), 100);
    const second = ask(question(2), 1000);
    clock.pass(100);
    assert.deepEqual(await first, unavailable('DEADLINE'));
    assert.equal(calls[1]?.subject, 'app:2');
    calls[0]?.answer(APPROVED);
    await settleDown();
    const third = ask(question(3), 1000);
    assert.equal(calls.length, 2, 'the late answer does not free a second call');
    calls[1]?.answer(APPROVED);
    await settleDown();
    calls[2]?.answer(APPROVED);
    assert.deepEqual(await Promise.all([second, third]), [APPROVED, APPROVED]);
  });

  it('answers TOO_MANY_QUESTIONS for a new question if too many are open, but not for a question that is already open', async () => {
    const { ask, calls } = open({ calls: 1, openQuestions: 2 });
    const first = ask(question(1));
    const second = ask(question(2));
    assert.deepEqual(await ask(question(3)), unavailable('TOO_MANY_QUESTIONS'));
    const shared = ask(question(2));
    calls[0]?.answer(APPROVED);
    assert.deepEqual(await first, APPROVED);
    const third = ask(question(3));
    calls[1]?.answer(NOT_APPROVED);
    await settleDown();
    calls[2]?.answer(APPROVED);
    assert.deepEqual(await Promise.all([second, shared, third]), [NOT_APPROVED, NOT_APPROVED, APPROVED]);
  });

  it('uses a known answer for the time of its kind, and then calls the source again', async () => {
    const { ask, calls, clock } = open();
    const first = ask(WEB);
    clock.pass(500);
    calls[0]?.answer(APPROVED);
    await first;
    clock.pass(59_999);
    assert.deepEqual(await ask(WEB, 0), APPROVED, 'a cached answer needs no time');
    clock.pass(1);
    const again = ask(WEB);
    assert.equal(calls.length, 2);
    calls[1]?.answer(NOT_APPROVED);
    assert.deepEqual(await again, NOT_APPROVED);
  });

  it('does not cache answers of a kind whose time is 0', async () => {
    const { ask, calls } = open();
    const question = { ...WEB, kind: { ...APPROVAL, cacheMs: 0 } };
    for (let round = 0; round < 2; round += 1) {
      const answer = ask(question);
      calls[round]?.answer(APPROVED);
      assert.deepEqual(await answer, APPROVED);
    }
    assert.equal(calls.length, 2);
  });

  it('removes the oldest answer if the cache is full', async () => {
    const { ask, calls } = open({ cachedAnswers: 2 });
    for (let index = 1; index <= 3; index += 1) {
      const answer = ask(question(index));
      calls.at(-1)?.answer(APPROVED);
      await answer;
    }
    assert.deepEqual([await ask(question(2)), await ask(question(3)), calls.length], [APPROVED, APPROVED, 3]);
    void ask(question(1));
    assert.equal(calls.length, 4);
  });
});

describe('the report of an asker', () => {
  it('contains kind, answer, duration, and whether the answer was cached, once for each review', async () => {
    const { asker, ask, calls, clock, asked } = open();
    const both = asker.ask([
      { question: WEB, withinMs: 1000 },
      { question: WEB, withinMs: 1000 },
    ]);
    clock.pass(20);
    const joined = ask(WEB);
    clock.pass(5);
    calls[0]?.answer(APPROVED);
    await Promise.all([both, joined]);
    await ask(WEB);
    await ask(DB, 0);
    assert.deepEqual(asked, [
      { kind: 'approval', answer: APPROVED, cached: false, durationMs: 25 },
      { kind: 'approval', answer: APPROVED, cached: false, durationMs: 5 },
      { kind: 'approval', answer: APPROVED, cached: true, durationMs: 0 },
      { kind: 'approval', answer: unavailable('DEADLINE'), cached: false, durationMs: 0 },
    ]);
  });
});
