import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pod } from '#test/pods.ts';
import { admissionReview } from '#test/protocols.ts';
import { admitted, ask, createTestRecorder, startGate } from '#test/review-server.ts';
import { admissionReviewOf } from '#test/reviews.ts';
import type { Bouncer } from '../bouncer.ts';
import type { Decision } from '../policy/decision.ts';
import { handleReview } from './review-handler.ts';

const LIMITS = { receivingBytes: 4096, bodyBytes: 4096, largeBytes: 4096 };

/** Reviews whose uid begins with `slow` wait until the test answers them. */
function waitingBouncer() {
  const { promise, resolve } = Promise.withResolvers<Decision>();
  const bouncer: Bouncer = { decide: ({ uid = '' }) => (uid.startsWith('slow') ? promise : admitted) };
  return { bouncer, answer: () => resolve(admitted) };
}

/** A body of almost all the memory of the gate. */
const bodyOf = (fields: object): string => JSON.stringify({ ...fields, pad: 'x'.repeat(3000) });

async function startWaiting(first: string) {
  const { bouncer, answer } = waitingBouncer();
  const gate = await startGate({ bouncer, limits: LIMITS });
  const reply = ask(gate, { body: first });
  while (gate.inflight < 1) await new Promise(setImmediate);
  for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
  return { gate, reply, answer, [Symbol.asyncDispose]: () => gate.close() };
}

describe('a review that waits for answers', { timeout: 20_000 }, () => {
  it('F20 leaves the memory of its body to other reviews', async () => {
    await using waiting = await startWaiting(bodyOf({ uid: 'slow-1' }));
    const { text } = await ask(waiting.gate, { body: bodyOf({ uid: 'u-2' }) });
    assert.deepEqual(JSON.parse(text), { protocol: 'AdmissionReview', uid: 'u-2', outcome: 'admitted' });
    waiting.answer();
    const { uid, outcome } = JSON.parse((await waiting.reply).text) as Record<string, unknown>;
    assert.deepEqual([uid, outcome], ['slow-1', 'admitted']);
  });

  for (const [where, body] of [
    ['in its first bytes', bodyOf({ uid: 'slow-1' })],
    ['at its end', JSON.stringify({ pad: 'x'.repeat(3000), uid: 'slow-1' })],
  ] as const) {
    it(`is refused by a gate that fails, with its uid ${where}`, async () => {
      await using waiting = await startWaiting(body);
      waiting.gate.fail();
      const { uid, code } = JSON.parse((await waiting.reply).text) as Record<string, unknown>;
      assert.deepEqual([uid, code], ['slow-1', 'INTERNAL']);
    });
  }

  it('F20 does not keep its object', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const objects: WeakRef<object>[] = [];
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const bouncer: Bouncer = {
      decide({ subject }) {
        assert.ok(subject.kind === 'unread');
        objects.push(new WeakRef(subject.reviewed.object as object));
        return promise;
      },
    };
    const context = {
      bouncer,
      recorder: createTestRecorder().recorder,
      now: () => 0,
      today: () => new Date(0),
      maximumTimeoutMs: 10_000,
      limits: { largeBytes: Number.POSITIVE_INFINITY },
      isBroken: () => false,
    };
    const body = Buffer.from(JSON.stringify(admissionReviewOf({ object: pod() })));
    const answer = handleReview(context, { protocol: admissionReview, stage: 'deny', query: '' }, body, 0);
    await new Promise(setImmediate);
    collect();
    assert.deepEqual(
      objects.map((object) => object.deref()),
      [undefined],
    );
    resolve(admitted);
    assert.match((await answer).body, /"allowed":true/);
  });
});
