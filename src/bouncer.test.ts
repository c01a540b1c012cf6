import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { objection } from './language/objection.ts';
import { renderDenial } from './admission/message.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { BAD, GOOD, pod } from '#test/pods.ts';
import { NO_LATEST, policyOf, policyWithCheck } from '#test/policies.ts';
import { admissionReviewOf, imageReviewOfImages } from '#test/reviews.ts';
import { summarise } from '#test/verdicts.ts';
import { createBouncer, type BouncerOptions } from './bouncer.ts';
import type { Decision } from './policy/decision.ts';
import type { Facts, GatherFacts } from './policy/facts.ts';
import type { Policy } from './policy/policy.ts';
import type { Check } from './policy/rule.ts';

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
const INTERNAL = 'INTERNAL: the gate could not decide; its log says why';
const DEADLINE = 'DEADLINE: there was not enough time to decide; try again';

describe('a bouncer without facts to gather', () => {
  it('answers at once', () => {
    const bad = bouncerOf(NO_LATEST).decide(review, 1);
    assert.ok(!(bad instanceof Promise));
    assert.deepEqual(summarise(bad), ['refused', 'DISALLOWED_TAG spec.containers[0].image web']);
    const good = bouncerOf(NO_LATEST).decide(goodExchange.review, 1);
    assert.ok(!(good instanceof Promise));
    assert.deepEqual(summarise(good), ['admitted']);
  });

  it('says which policy judged', async () => {
    const { policy } = await bouncerOf(NO_LATEST).decide(review, 1);
    assert.deepEqual(policy, { name: 'default', revision: NO_LATEST.revision });
  });

  it('refuses everything while no policy is loaded', async () => {
    for (const asked of [review, goodExchange.review]) {
      assert.equal(failureOf(await bouncerOf(undefined).decide(asked, 1000)), NO_POLICY);
    }
  });

  for (const budgetMs of [0, -1, -Infinity]) {
    it(`refuses when ${budgetMs} ms are left, and tells nobody that something broke`, async () => {
      const told: unknown[] = [];
      const bouncer = bouncerOf(NO_LATEST, { onFailure: (error) => told.push(error) });
      assert.equal(failureOf(await bouncer.decide(goodExchange.review, budgetMs)), DEADLINE);
      assert.deepEqual(told, []);
    });
  }
});

describe('K06 a fault inside is refused, told to the log and not to the requester', () => {
  const fault = new Error('secret: 10.0.0.7 said 401 to Bearer s3cr3t');
  const throwing: Check = () => {
    throw fault;
  };

  it('K06 a rule that throws', async () => {
    const told: unknown[] = [];
    const bouncer = bouncerOf(policyWithCheck(throwing), { onFailure: (error) => told.push(error) });
    const decision = await bouncer.decide(goodExchange.review, 1000);
    assert.equal(failureOf(decision), INTERNAL);
    assert.deepEqual(told, [fault]);
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
    const told: unknown[] = [];
    const policies = {
      current: (): Policy => {
        throw fault;
      },
    };
    const bouncer = createBouncer({ policies, onFailure: (error) => told.push(error) });
    assert.equal(failureOf(await bouncer.decide(review, 1000)), INTERNAL);
    assert.deepEqual(told, [fault]);
  });

  it('K06 something thrown that is no error', async () => {
    for (const thrown of [undefined, null, 'text', { code: 'DEADLINE' }]) {
      const policy = policyWithCheck(() => {
        throw thrown;
      });
      assert.equal(failureOf(await bouncerOf(policy).decide(goodExchange.review, 1000)), INTERNAL);
    }
  });

  it('a log that throws as well does not take the answer with it', async () => {
    const onFailure = (): never => {
      throw new Error('disk full');
    };
    const synchronous = bouncerOf(policyWithCheck(throwing), { onFailure });
    assert.equal(failureOf(await synchronous.decide(review, 1000)), INTERNAL);
    const gather: GatherFacts = () => Promise.reject(fault);
    const waiting = bouncerOf(policyWithCheck(throwing, { facts: ['digests'] }), { onFailure, gather });
    assert.equal(failureOf(await waiting.decide(review, 1000)), INTERNAL);
  });

  it('a fault in one review does not touch the next', async () => {
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

// A decision that never comes must fail its test, not hang the run.
describe('a bouncer whose policy needs facts', { timeout: 10_000 }, () => {
  const DIGESTS: Facts = { digests: new Map([[BAD, 'sha256:1']]) };
  const known: Check = (_, { digests }) =>
    digests?.has(BAD) === true ? undefined : objection('DIGEST_REQUIRED.missing');
  const policy = policyWithCheck(known, { facts: ['digests'] });

  /** A clock that stands still until it is told; put right again when the test ends. */
  function stopClock(t: TestContext): (ms: number) => void {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    return (ms) => t.mock.timers.tick(ms);
  }

  /** Asks with a budget of a second; the answer, what the log was told, and the signal that the gatherer got. */
  function askFor(gather: (signal: AbortSignal) => Promise<Facts>) {
    const told: unknown[] = [];
    const signals: AbortSignal[] = [];
    const bouncer = bouncerOf(policy, {
      onFailure: (error) => told.push(error),
      gather: (_names, _review, signal) => {
        signals.push(signal);
        return gather(signal);
      },
    });
    const decision = bouncer.decide(review, 1000);
    const [signal] = signals;
    assert.ok(decision instanceof Promise && signal !== undefined);
    return { decision, told, signal };
  }

  it('judges with what was gathered, and stops its clock', async (t) => {
    const pass = stopClock(t);
    const { decision, signal, told } = askFor(() => Promise.resolve(DIGESTS));
    assert.deepEqual(summarise(await decision), ['admitted']);
    pass(5000);
    assert.deepEqual([signal.aborted, told], [false, []], 'a review that is over is not stopped');
  });

  it('asks for the facts that the policy needs, about the review that it was given', async () => {
    const asked: unknown[] = [];
    const gather: GatherFacts = async (names, about) => {
      asked.push([...names], about);
      return DIGESTS;
    };
    await bouncerOf(policy, { gather }).decide(review, 1000);
    assert.deepEqual(asked, [['digests'], review]);
  });

  it('refuses what the rule objects to, once the facts are known', async () => {
    const { decision } = askFor(() => Promise.resolve({}));
    assert.deepEqual(summarise(await decision), ['refused', 'DIGEST_REQUIRED spec.containers[0].image web']);
  });

  it('refuses when its time is up, and tells the gatherer to stop', async (t) => {
    const pass = stopClock(t);
    const { decision, signal, told } = askFor(() => new Promise(() => undefined));
    pass(999);
    assert.ok(!signal.aborted);
    pass(1);
    assert.ok(signal.aborted);
    assert.equal(failureOf(await decision), DEADLINE);
    assert.deepEqual(told, [], 'a registry that is slow is no fault of the gate');
  });

  it('says that time was lacking though the gatherer rejects when it is told to stop', async (t) => {
    const pass = stopClock(t);
    const { decision, told } = askFor((signal) => {
      const { promise, reject } = Promise.withResolvers<Facts>();
      signal.addEventListener('abort', () => reject(new Error('stopped')));
      return promise;
    });
    pass(1000);
    assert.equal(failureOf(await decision), DEADLINE);
    assert.deepEqual(told, []);
  });

  it('stays with its refusal when facts come, or fail to come, too late', async (t) => {
    const pass = stopClock(t);
    const late = [Promise.withResolvers<Facts>(), Promise.withResolvers<Facts>()] as const;
    const decisions = late.map(({ promise }) => askFor(() => promise).decision);
    pass(1000);
    late[0].resolve(DIGESTS);
    late[1].reject(new Error('too late'));
    for (const decision of decisions) assert.equal(failureOf(await decision), DEADLINE);
  });

  for (const [how, gather] of [
    ['rejects', () => Promise.reject(new Error('registry down'))],
    [
      'throws before it has promised anything',
      () => {
        throw new Error('registry down');
      },
    ],
  ] as const) {
    it(`C13 refuses when the gatherer ${how}, tells the log why, and stops its clock`, async (t) => {
      const pass = stopClock(t);
      const { decision, told, signal } = askFor(gather);
      assert.equal(failureOf(await decision), INTERNAL);
      assert.deepEqual(told, [new Error('registry down')]);
      pass(5000);
      assert.ok(!signal.aborted);
    });
  }

  it('C13 refuses when nobody can gather', async () => {
    const told: unknown[] = [];
    const decision = bouncerOf(policy, { onFailure: (error) => told.push(error) }).decide(review, 1000);
    assert.equal(failureOf(await decision), INTERNAL);
    assert.match(String(told[0]), /policy by-hand needs facts that nobody can gather/);
  });

  it('refuses when a rule throws over the facts', async () => {
    const throwing = policyWithCheck(
      () => {
        throw new Error('no such digest');
      },
      { facts: ['digests'] },
    );
    const gather: GatherFacts = () => Promise.resolve(DIGESTS);
    assert.equal(failureOf(await bouncerOf(throwing, { gather }).decide(review, 1000)), INTERNAL);
  });

  it('gathers nothing when no time is left', async () => {
    let gathered = false;
    const gather: GatherFacts = async () => {
      gathered = true;
      return DIGESTS;
    };
    assert.equal(failureOf(await bouncerOf(policy, { gather }).decide(review, 0)), DEADLINE);
    assert.ok(!gathered);
  });

  it('judges by the policy that was in force when it was asked, whatever comes meanwhile', async () => {
    const admitsNothing = await policyOf({ disallowedTags: { tags: ['1.0', 'latest'] } });
    let inForce = policy;
    const { promise, resolve } = Promise.withResolvers<Facts>();
    const bouncer = createBouncer({ policies: { current: () => inForce }, gather: () => promise });
    const before = bouncer.decide(review, 60_000);
    inForce = admitsNothing;
    const after = await bouncer.decide(review, 60_000);
    resolve(DIGESTS);
    assert.deepEqual([(await before).policy?.name, summarise(await before)], ['by-hand', ['admitted']]);
    assert.deepEqual([after.policy?.name, after.outcome], ['test', 'refused']);
  });
});
