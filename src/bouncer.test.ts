import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderDenial } from './admission/message.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { BAD, GOOD, pod } from '#test/pods.ts';
import { NO_LATEST, policyWithCheck } from '#test/policies.ts';
import {
  approvedRule,
  APPROVED,
  askerOf,
  createTestClock,
  createTestSource,
  policyOfRules,
} from '#test/questions.ts';
import { admissionReviewOf, imageReviewOfImages } from '#test/reviews.ts';
import { summarise } from '#test/verdicts.ts';
import { createBouncer, type BouncerOptions } from './bouncer.ts';
import type { Decision } from './policy/decision.ts';
import { createPolicy, type Policy } from './policy/policy.ts';
import type { Check, PendingCheck } from './policy/rule.ts';
import { Asker } from './question/asker.ts';

const exchange = admissionReview.open(admissionReviewOf({ object: pod({ containers: { web: BAD } }) }));
const goodExchange = admissionReview.open(admissionReviewOf({ object: pod() }));
const { review } = exchange;

const bouncerOf = (policy: Policy | undefined, options: Omit<BouncerOptions, 'policies'> = {}) =>
  createBouncer({ policies: { current: () => policy }, ...options });

/** A decision that fails, in one line. */
function failureOf(decision: Decision): string {
  return decision.outcome === 'failed' ? renderDenial(decision) : decision.outcome;
}

const NO_POLICY = 'NO_POLICY: no policy is loaded, so nothing can be admitted';
const INTERNAL = 'INTERNAL: the gate could not decide; its log has the reason';
const DEADLINE = 'DEADLINE: there was not enough time to decide; try again';

describe('a bouncer whose policy needs no questions', () => {
  it('decides synchronously', () => {
    const bad = bouncerOf(NO_LATEST).decide(review, 1);
    assert.ok(!(bad instanceof Promise));
    assert.deepEqual(summarise(bad), ['refused', 'DISALLOWED_TAG spec.containers[0].image web']);
    const good = bouncerOf(NO_LATEST).decide(goodExchange.review, 1);
    assert.ok(!(good instanceof Promise));
    assert.deepEqual(summarise(good), ['admitted']);
  });

  it('names the policy in the decision', async () => {
    const { policy } = await bouncerOf(NO_LATEST).decide(review, 1);
    assert.deepEqual(policy, { name: 'default', revision: NO_LATEST.identity.revision });
  });

  it('refuses everything while no policy is loaded', async () => {
    for (const asked of [review, goodExchange.review]) {
      assert.equal(failureOf(await bouncerOf(undefined).decide(asked, 1000)), NO_POLICY);
    }
  });

  it('XH3 compares the time after each image, and stops when it is over', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `app:${index}`);
    let timeMs = 0;
    let checks = 0;
    const policy = policyWithCheck(() => {
      checks += 1;
      timeMs += 10;
      return undefined;
    });
    const asker = { now: () => timeMs, ask: () => assert.fail('no rule has a question') };
    const decideWithin = (budgetMs: number) =>
      bouncerOf(policy, { asker }).decide(imageReview.open(imageReviewOfImages(many)).review, budgetMs);
    assert.equal(failureOf(await decideWithin(100)), DEADLINE);
    assert.equal(checks, 10);
    assert.equal((await decideWithin(100_000)).outcome, 'admitted');
  });

  it('XH3 compares the time after every fourth rule, too, and keeps no part of a result', async () => {
    let timeMs = 0;
    let checks = 0;
    const check = () => {
      checks += 1;
      timeMs += 10;
      return undefined;
    };
    const rules = Array.from({ length: 100 }, () => policyWithCheck(check).rules).flat();
    const policy = createPolicy({ ...policyWithCheck(check), rules });
    const asker = { now: () => timeMs, ask: () => assert.fail('no rule has a question') };
    const decideWithin = (budgetMs: number) =>
      bouncerOf(policy, { asker }).decide(imageReview.open(imageReviewOfImages(['app:1'])).review, budgetMs);
    assert.equal(failureOf(await decideWithin(200)), DEADLINE);
    assert.equal(checks, 20);
    assert.equal(failureOf(await decideWithin(200)), DEADLINE);
    assert.equal((await decideWithin(100_000)).outcome, 'admitted');
  });

  for (const budgetMs of [0, -1, -Infinity]) {
    it(`refuses if ${budgetMs} ms are left, and does not report that as a failure`, async () => {
      const failures: unknown[] = [];
      const bouncer = bouncerOf(NO_LATEST, { onFailure: (error) => failures.push(error) });
      assert.equal(failureOf(await bouncer.decide(goodExchange.review, budgetMs)), DEADLINE);
      assert.deepEqual(failures, []);
    });
  }
});

it('the time for questions begins with the review, not after the rules have judged it', async () => {
  const clock = createTestClock();
  const { source, calls } = createTestSource();
  const rule = approvedRule({
    check: (image) => {
      clock.pass(400);
      return approvedRule().check(image);
    },
  });
  const asker = new Asker({ sources: [source], clock });
  const decision = bouncerOf(policyOfRules(rule), { asker }).decide(goodExchange.review, 1000);
  clock.pass(349);
  assert.equal(calls[0]?.signal.aborted, false);
  clock.pass(1);
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal((await decision).violations[0]?.code, 'DEADLINE');
});

describe('K06 an internal error refuses the review and is reported to the log, not to the requester', () => {
  const fault = new Error('secret: 10.0.0.7 said 401 to Bearer s3cr3t');
  const throwing: Check = () => {
    throw fault;
  };

  it('K06 a rule that throws', async () => {
    const failures: unknown[] = [];
    const bouncer = bouncerOf(policyWithCheck(throwing), { onFailure: (error) => failures.push(error) });
    const decision = await bouncer.decide(goodExchange.review, 1000);
    assert.equal(failureOf(decision), INTERNAL);
    assert.deepEqual(failures, [fault]);
    for (const answer of [
      goodExchange.respond(decision),
      imageReview.open(imageReviewOfImages([GOOD])).respond(decision),
    ]) {
      assert.equal(answer.status, 200);
      assert.match(answer.body, /"allowed":false.*INTERNAL: the gate could not decide/);
      assert.doesNotMatch(answer.body, /secret|10\.0|Bearer|s3cr3t|\.ts/);
    }
  });

  it('K06 a policy store that throws', async () => {
    const failures: unknown[] = [];
    const policies = {
      current: (): Policy => {
        throw fault;
      },
    };
    const bouncer = createBouncer({ policies, onFailure: (error) => failures.push(error) });
    assert.equal(failureOf(await bouncer.decide(review, 1000)), INTERNAL);
    assert.deepEqual(failures, [fault]);
  });

  it('K06 a thrown value that is not an error', async () => {
    for (const thrown of [undefined, null, 'text', { code: 'DEADLINE' }]) {
      const policy = policyWithCheck(() => {
        throw thrown;
      });
      assert.equal(failureOf(await bouncerOf(policy).decide(goodExchange.review, 1000)), INTERNAL);
    }
  });

  it('refuses although the log throws, too', async () => {
    const onFailure = (): never => {
      throw new Error('disk full');
    };
    const synchronous = bouncerOf(policyWithCheck(throwing), { onFailure });
    assert.equal(failureOf(await synchronous.decide(review, 1000)), INTERNAL);
    const waiting = bouncerOf(policyOfRules(approvedRule()), {
      onFailure,
      asker: { ask: () => Promise.reject(fault), now: () => 0 },
    });
    assert.equal(failureOf(await waiting.decide(review, 1000)), INTERNAL);
  });

  it('K06 a rule that throws when it gets its answer', async () => {
    const rule = approvedRule({
      check: (image) => {
        const { question } = approvedRule().check(image) as PendingCheck;
        return { question, settle: throwing as never };
      },
    });
    const failures: unknown[] = [];
    const bouncer = bouncerOf(policyOfRules(rule), {
      onFailure: (error) => failures.push(error),
      asker: askerOf(async () => APPROVED),
    });
    assert.equal(failureOf(await bouncer.decide(goodExchange.review, 1000)), INTERNAL);
    assert.deepEqual(failures, [fault]);
  });

  it('an error in one review does not affect the next one', async () => {
    let calls = 0;
    const policy = policyWithCheck(() => {
      calls += 1;
      if (calls === 1) throw fault;
      return undefined;
    });
    const bouncer = bouncerOf(policy);
    assert.equal(failureOf(await bouncer.decide(goodExchange.review, 1000)), INTERNAL);
    assert.deepEqual(summarise(await bouncer.decide(goodExchange.review, 1000)), ['admitted']);
  });
});
