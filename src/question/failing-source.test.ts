import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { approvalOf, APPROVED, createTestClock } from '#test/questions.ts';
import { Asker, type AskerOptions } from './asker.ts';
import { type Answer, type Source, unavailable } from './question.ts';

const question = approvalOf('web:1');

/** An asker over this source; `ask` asks the same question each time. */
function open(ask: Source['ask'], options: Partial<AskerOptions> = {}) {
  const clock = createTestClock();
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  const asker = new Asker({ sources: [{ kind: 'approval', ask }], clock, onFailure, ...options });
  const askOnce = async (): Promise<Answer> => (await asker.ask([{ question, withinMs: 1000 }]))(question);
  return { ask: askOnce, clock, failures };
}

describe('a source that does not answer', () => {
  const failing: Readonly<Record<string, readonly [ask: () => unknown, code: string]>> = {
    rejects: [() => Promise.reject(new Error('no route')), 'ANSWER_UNAVAILABLE'],
    'rejects with undefined': [() => Promise.reject(undefined), 'ANSWER_UNAVAILABLE'],
    throws: [
      () => {
        throw new Error('no route');
      },
      'ANSWER_UNAVAILABLE',
    ],
    'returns nothing': [() => undefined, 'ANSWER_MALFORMED'],
    'answers with undefined': [async () => undefined, 'ANSWER_MALFORMED'],
    'answers with a value alone': [async () => APPROVED.outcome, 'ANSWER_MALFORMED'],
    'answers with a value of another type': [
      async () => ({ outcome: 'known', value: { digest: 1, approved: true } }),
      'ANSWER_MALFORMED',
    ],
    'answers without a value': [async () => ({ outcome: 'known' }), 'ANSWER_MALFORMED'],
    'answers with an unknown outcome': [async () => ({ outcome: 'maybe', value: 1 }), 'ANSWER_MALFORMED'],
    'answers with an unknown code': [
      async () => ({ outcome: 'unavailable', code: 'constructor' }),
      'ANSWER_MALFORMED',
    ],
    'answers with an object that throws when it is read': [
      async () => ({
        outcome: 'known',
        get value(): never {
          throw new Error('trap');
        },
      }),
      'ANSWER_MALFORMED',
    ],
  };
  for (const [title, [misbehave, code]] of Object.entries(failing)) {
    it(`gives the answer ${code} and is reported if it ${title}`, async () => {
      const { ask, failures, clock } = open(misbehave as Source['ask']);
      assert.equal((await ask()).outcome, 'unavailable');
      const answer = await ask();
      assert.deepEqual(answer, { outcome: 'unavailable', code });
      assert.deepEqual(
        [failures.length, clock.timers()],
        [2, 0],
        'it was called twice: a failure is not cached',
      );
    });
  }

  it('may return an unavailable answer, which is not reported as a failure', async () => {
    const { ask, failures } = open(async () => unavailable('ANSWER_UNAVAILABLE'));
    assert.deepEqual(await ask(), unavailable('ANSWER_UNAVAILABLE'));
    assert.deepEqual(failures, []);
  });

  it('is answered although an observer throws', async () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const { ask } = open(() => Promise.reject(new Error('no route')), { onAsked: fail, onFailure: fail });
    assert.deepEqual(await ask(), unavailable('ANSWER_UNAVAILABLE'));
  });
});
