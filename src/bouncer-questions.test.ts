import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderDenial } from './admission/message.ts';
import { KNOWN, reviewOf } from '#test/bare-reviews.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { admissionReview } from '#test/protocols.ts';
import {
  type Approval,
  approvalOf,
  APPROVED,
  approvedRule,
  askerOf,
  createTestClock,
  createTestSource,
  NOT_APPROVED,
  policyOfRules,
  rulesLike,
  settleDown,
} from '#test/questions.ts';
import { admissionReviewOf, type Request } from '#test/reviews.ts';
import { summarise } from '#test/verdicts.ts';
import { createBouncer } from './bouncer.ts';
import type { Decision, ValidationAction } from './policy/decision.ts';
import type { Policy } from './policy/policy.ts';
import type { Review } from './policy/review.ts';
import type { PendingCheck } from './policy/rule.ts';
import { Asker, type AskedQuestion, type TimedQuestion } from './question/asker.ts';
import type { Answer, Source } from './question/question.ts';

const reviewOfRequest = (request: Request): Review => admissionReview.open(admissionReviewOf(request)).review;

/** A bouncer. The test controls its source and its clock. */
function open(policy: Policy) {
  const clock = createTestClock();
  const { source, calls } = createTestSource();
  const asked: AskedQuestion[] = [];
  const asker = new Asker({ sources: [source], clock, onAsked: (one) => asked.push(one) });
  const bouncer = createBouncer({ policies: { current: () => policy }, asker });
  return { bouncer, calls, clock, asked };
}

/** The decision if `source` handles each question. */
async function decideWith(policy: Policy, review: Review, ask: Source['ask']): Promise<Decision> {
  return createBouncer({ policies: { current: () => policy }, asker: askerOf(ask) }).decide(review, 1000);
}

const down = (): Promise<Answer> => Promise.reject(new Error('no route to the registry'));
const approve = async (): Promise<Answer> => APPROVED;

/** Fails the test if it is called. */
const mustNotAsk = (): never => {
  throw new Error('a question was asked');
};

describe('a review of a policy with a question', () => {
  const policy = policyOfRules(approvedRule());

  it('is admitted if the answer is good; the decision contains the digest that was judged', async () => {
    const decision = await decideWith(policy, reviewOf(GOOD), approve);
    assert.deepEqual(summarise(decision), ['admitted']);
    assert.equal(decision.uses[0]?.digest, `sha256:${'a'.repeat(64)}`);
  });

  it('is refused if the rule objects to the answer', async () => {
    const decision = await decideWith(policy, reviewOf(GOOD), async () => NOT_APPROVED);
    assert.deepEqual(summarise(decision), ['refused', 'DIGEST_REQUIRED - -']);
    assert.equal(decision.uses[0]?.digest, `sha256:${'b'.repeat(64)}`);
  });

  it('has no digest if rules judged different digests', async () => {
    const other: Source['ask'] = async ({ key }) =>
      key.startsWith('other')
        ? { outcome: 'known', value: { digest: 'sha256:c', approved: true } }
        : APPROVED;
    const second = approvedRule({
      name: 'second',
      check: (image) => ({
        ...(approvedRule().check(image) as PendingCheck<Approval>),
        question: approvalOf(image.original, 'other'),
      }),
    });
    const same = approvedRule({ name: 'same' });
    const differing = await decideWith(policyOfRules(approvedRule(), second), reviewOf(GOOD), other);
    assert.deepEqual([differing.outcome, differing.uses[0]?.digest], ['admitted', undefined]);
    const agreeing = await decideWith(policyOfRules(approvedRule(), same), reviewOf(GOOD), other);
    assert.equal(agreeing.uses[0]?.digest, `sha256:${'a'.repeat(64)}`);
  });

  it('has one question for each image, also if the object has the image several times', async () => {
    const { bouncer, calls } = open(policy);
    void bouncer.decide(reviewOf([GOOD, GOOD, BAD]), 1000);
    assert.equal(calls.length, 2);
  });

  it('has its question in each review, although the rule is called only twice for the image', async () => {
    let checks = 0;
    const { check } = approvedRule();
    const counted = policyOfRules(
      approvedRule({
        check: (image) => {
          checks += 1;
          return check(image);
        },
      }),
    );
    const { bouncer, asked, calls } = open(counted);
    for (let round = 0; round < 4; round += 1) {
      const decision = bouncer.decide(reviewOf(GOOD), 1000);
      calls[round]?.answer(round === 0 ? { outcome: 'unavailable', code: 'ANSWER_UNAVAILABLE' } : APPROVED);
      assert.equal((await decision).outcome, round === 0 ? 'refused' : 'admitted');
    }
    assert.deepEqual([checks, asked.length], [2, 4]);
  });

  it('is judged by the policy that was active when it arrived', async () => {
    let active = policy;
    const { source, calls } = createTestSource();
    const bouncer = createBouncer({
      policies: { current: () => active },
      asker: new Asker({ sources: [source], clock: createTestClock() }),
    });
    const before = bouncer.decide(reviewOf(GOOD), 60_000);
    active = await policyOf({ disallowedTags: { tags: ['1.0'] } });
    const after = await bouncer.decide(reviewOf(GOOD), 60_000);
    calls[0]?.answer(APPROVED);
    assert.deepEqual([(await before).policy?.name, summarise(await before)], ['by-hand', ['admitted']]);
    assert.deepEqual([after.policy?.name, after.outcome], ['test', 'refused']);
  });

  it('is refused immediately with NO_SOURCE if the bouncer has no asker', () => {
    const decision = createBouncer({ policies: { current: () => policy } }).decide(reviewOf(GOOD), 1000);
    assert.ok(!(decision instanceof Promise));
    assert.deepEqual(summarise(decision), ['refused', 'NO_SOURCE - -']);
  });

  it('has its violations in the order of images and rules', async () => {
    const [latest] = (
      await policyOf({ name: 'latest', validationActions: ['Warn'], disallowedTags: { tags: ['latest'] } })
    ).rules;
    const [pinned] = (await policyOf({ name: 'pinned', validationActions: ['Warn'], requiredDigest: {} }))
      .rules;
    assert.ok(latest !== undefined && pinned !== undefined);
    const ordered = policyOfRules(latest, approvedRule(), pinned);
    const { violations } = await decideWith(ordered, reviewOf([BAD, GOOD]), down);
    assert.deepEqual(
      violations.map(({ rule, use }) => `${rule} ${use?.image}`),
      [`latest ${BAD}`, `approved ${BAD}`, `pinned ${BAD}`, `approved ${GOOD}`, `pinned ${GOOD}`],
    );
  });
});

describe('a source that is down', () => {
  const actionsOf = ({ violations }: Decision) => violations.map(({ code, actions }) => [code, ...actions]);

  for (const [actions, outcome] of [
    [['Deny'], 'refused'],
    [['Warn'], 'admitted'],
    [['Audit'], 'admitted'],
    [['Warn', 'Audit'], 'admitted'],
  ] as const) {
    it(`C13 is a violation of the rule under ${actions.join(' and ')}: ${outcome}`, async () => {
      const [first, ...more]: readonly ValidationAction[] = actions;
      const policy = policyOfRules(approvedRule({ actions: [first ?? 'Deny', ...more] }));
      const decision = await decideWith(policy, reviewOf(GOOD), down);
      assert.equal(decision.outcome, outcome);
      assert.deepEqual(actionsOf(decision), [['ANSWER_UNAVAILABLE', ...actions]]);
    });
  }

  it('is not called if no rule with a question applies', async () => {
    const policy = policyOfRules(
      ...(await rulesLike(
        { match: { namespaces: ['prod'] } },
        { match: { images: ['ghcr.io/**'] } },
        { match: { users: ['bob'] } },
        { match: { usages: ['imageVolume'] } },
        { match: { resources: ['deployments.apps'] } },
        { exclude: { namespaces: [KNOWN.namespace] } },
      )),
    );
    const decision = await decideWith(policy, reviewOf(GOOD), mustNotAsk);
    assert.deepEqual(summarise(decision), ['admitted']);
    const elsewhere = reviewOf(GOOD, { ...KNOWN, namespace: 'prod' });
    assert.equal((await decideWith(policy, elsewhere, down)).outcome, 'refused', 'applies');
    assert.equal((await decideWith(policy, reviewOf(GOOD, {}), down)).outcome, 'refused', 'may apply');
  });

  const nothingToAsk: Readonly<Record<string, Request>> = {
    'a DELETE': { object: null, oldObject: pod(), operation: 'DELETE' },
    'an update of the status': {
      object: pod({ containers: { web: BAD } }),
      oldObject: pod(),
      operation: 'UPDATE',
      subResource: 'status',
    },
    'an unknown kind': { object: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } } },
    'an update that keeps the image of a pod': { object: pod(), oldObject: pod(), operation: 'UPDATE' },
    'an update that keeps the image of a template': {
      object: deployment(),
      oldObject: deployment(),
      operation: 'UPDATE',
    },
  };
  for (const [what, request] of Object.entries(nothingToAsk)) {
    it(`C13 ${what} has no question and is admitted immediately`, () => {
      const policy = policyOfRules(approvedRule());
      const bouncer = createBouncer({ policies: { current: () => policy }, asker: askerOf(mustNotAsk) });
      const decision = bouncer.decide(reviewOfRequest(request), 1000);
      assert.ok(!(decision instanceof Promise));
      assert.deepEqual(summarise(decision), ['admitted']);
    });
  }

  it('A20 never causes a refusal of a mirror pod, whose questions have a third of the time', async () => {
    const object = podOf(
      { ...podSpec(), nodeName: 'node-1' },
      { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    );
    const { bouncer, clock } = open(policyOfRules(approvedRule()));
    const userInfo = { username: 'system:node:node-1', groups: ['system:nodes'] };
    const decision = bouncer.decide(reviewOfRequest({ object, userInfo }), 3000);
    clock.pass(1000);
    assert.deepEqual(
      [(await decision).outcome, actionsOf(await decision)],
      ['admitted', [['DEADLINE', 'Warn', 'Audit']]],
    );
    assert.deepEqual(
      (await decision).notices.map(({ code }) => code),
      ['MIRROR_POD'],
    );
  });
});

describe('a review that is refused without a question', () => {
  it('has no questions, and its denial ends with the number of rules that were not checked', async () => {
    const [latest] = (await policyOf({ name: 'latest', disallowedTags: { tags: ['latest'] } })).rules;
    assert.ok(latest !== undefined);
    const policy = policyOfRules(
      approvedRule(),
      approvedRule({ name: 'second', actions: ['Warn'] }),
      latest,
      ...(await rulesLike({ match: { namespaces: ['prod'] } })),
    );
    const bouncer = createBouncer({ policies: { current: () => policy }, asker: askerOf(mustNotAsk) });
    const decision = bouncer.decide(reviewOf([BAD, GOOD]), 1000);
    assert.ok(!(decision instanceof Promise));
    assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_TAG - -']);
    assert.match(renderDenial(decision), /digest; rules not checked after this: 2$/);
    const [longest] = renderDenial({
      ...decision,
      violations: Array.from({ length: 100 }, (_, index) => ({
        ...decision.violations[0],
        rule: `rule-${index}`,
      })),
    } as never).match(/^.* and \d+ more; rules not checked after this: 2$/) ?? [''];
    assert.ok(longest.length > 900 && Buffer.byteLength(longest) <= 1024, longest);
  });

  it('has its question if the other violation only warns, and then its denial has no such number', async () => {
    const [latest] = (await policyOf({ validationActions: ['Warn'], disallowedTags: { tags: ['latest'] } }))
      .rules;
    assert.ok(latest !== undefined);
    const decision = await decideWith(policyOfRules(latest, approvedRule()), reviewOf(BAD), down);
    assert.equal(decision.outcome, 'refused');
    assert.doesNotMatch(renderDenial(decision), /not checked/);
  });
});

describe('the time for questions', () => {
  const soft = approvedRule({ name: 'soft', actions: ['Warn', 'Audit'] });

  it('ends 250 ms before the budget, so the violation names the rule that waits', async () => {
    const { bouncer, clock, calls } = open(policyOfRules(approvedRule()));
    let decision: Decision | undefined;
    void Promise.resolve(bouncer.decide(reviewOf(GOOD), 1000)).then((decided) => (decision = decided));
    clock.pass(749);
    await settleDown();
    assert.deepEqual([decision, calls[0]?.signal.aborted], [undefined, false]);
    clock.pass(1);
    await settleDown();
    assert.ok(decision !== undefined && calls[0]?.signal.aborted);
    assert.deepEqual(summarise(decision), ['refused', 'DEADLINE - -']);
    assert.equal(decision.violations[0]?.rule, 'approved');
  });

  it('is a third of the budget for a question of Warn and Audit rules only', async () => {
    const { bouncer, clock, calls } = open(policyOfRules(soft));
    const decision = bouncer.decide(reviewOf(GOOD), 9000);
    clock.pass(2999);
    assert.equal(calls[0]?.signal.aborted, false);
    clock.pass(1);
    assert.equal(calls[0]?.signal.aborted, true);
    assert.deepEqual(summarise(await decision), ['admitted', 'DEADLINE - -']);
  });

  it('is the longer one for a question that a Deny rule needs, too', async () => {
    for (const rules of [
      [soft, approvedRule()],
      [approvedRule(), soft],
    ]) {
      const { bouncer, clock, calls } = open(policyOfRules(...rules));
      const decision = bouncer.decide(reviewOf(GOOD), 9000);
      clock.pass(8749);
      calls[0]?.answer(APPROVED);
      assert.deepEqual(summarise(await decision), ['admitted']);
    }
  });

  it('of a Warn rule does not shorten the time of a Deny rule', async () => {
    const [hard] = await rulesLike({ match: { images: ['docker.io/**'] } });
    assert.ok(hard !== undefined);
    const { bouncer, clock, calls } = open(policyOfRules(soft, hard));
    const decision = bouncer.decide(reviewOf([GOOD, 'nginx:1']), 9000);
    clock.pass(8000);
    assert.deepEqual(
      calls.map(({ signal }) => signal.aborted),
      [true, false],
    );
    calls[1]?.answer(APPROVED);
    assert.deepEqual(summarise(await decision), ['admitted', 'DEADLINE - -']);
  });

  for (const [budgetMs, hardMs, softMs] of [
    [9500, 9250, 9500 / 3],
    [750, 500, 250],
    [300, 50, 50],
    [250, 0, 0],
    [1, -249, -249],
  ] as const) {
    it(`of ${budgetMs} ms is ${hardMs} ms, and at most ${Math.round(softMs)} ms for warnings`, async () => {
      const timed: TimedQuestion[] = [];
      const asker = {
        ask: async (questions: readonly TimedQuestion[]) => {
          timed.push(...questions);
          return () => APPROVED;
        },
        now: () => 0,
      };
      const policy = policyOfRules(approvedRule(), soft);
      await createBouncer({ policies: { current: () => policy }, asker }).decide(reviewOf(GOOD), budgetMs);
      assert.deepEqual(
        timed.map(({ withinMs }) => withinMs),
        [hardMs, softMs],
      );
    });
  }
});
