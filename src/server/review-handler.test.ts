import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, ReviewProtocol } from '../admission/exchange.ts';
import type { Bouncer } from '../bouncer.ts';
import type { Decision } from '../policy/decision.ts';
import type { ShedReason } from '../telemetry/shed-reviews.ts';
import { admitAll, admitted, createTestRecorder, protocolNamed, reviewOf } from '#test/review-server.ts';
import { handleReview, refuseUnparsed } from './review-handler.ts';
import type { Route } from './routes.ts';
import type { ReviewContext } from './server-context.ts';

const protocol = protocolNamed('AdmissionReview');
const body = Buffer.from('{"uid":"u-1"}');

function handling(options: Partial<ReviewContext> = {}) {
  const { recorder, records, rejections, shed } = createTestRecorder();
  const failures: unknown[] = [];
  const context: ReviewContext = {
    bouncer: admitAll,
    recorder,
    now: () => 0,
    today: () => new Date(0),
    maximumTimeoutMs: 10_000,
    limits: { largeBytes: 1000 },
    onFailure: (error) => failures.push(error),
    isBroken: () => false,
    ...options,
  };
  const handle = (route: Route, bytes: Buffer, startedMs: number) =>
    handleReview(context, route, bytes, startedMs);
  const refuse = (route: Route, bytes: Buffer, reason: ShedReason) =>
    refuseUnparsed(context, route, bytes, reason);
  return { handle, refuse, records, rejections, failures, shed };
}

/** Outcome and code of the answer. */
async function outcomeOf(answer: Answer | Promise<Answer>): Promise<unknown> {
  const { outcome, code, rejected } = JSON.parse((await answer).body);
  return rejected ?? (code === undefined ? outcome : `${outcome} ${code}`);
}

describe('handling a review', { timeout: 20_000 }, () => {
  it('answers without waiting if the decision is not a promise', async () => {
    const { handle, records } = handling({ now: () => 42 });
    const answer = handle({ protocol, stage: 'deny', query: '' }, body, 40);
    assert.ok(!(answer instanceof Promise));
    assert.equal(answer.body, '{"protocol":"AdmissionReview","uid":"u-1","outcome":"admitted"}');
    assert.deepEqual(records, [
      { uid: 'u-1', outcome: 'admitted', protocol: 'AdmissionReview', durationMs: 2, stage: 'deny' },
    ]);
  });

  it('F20 passes no object to the recorder, because an object of seven megabytes would wait for the log', () => {
    const reviews: object[] = [];
    const recorder: ReviewContext['recorder'] = {
      ...createTestRecorder().recorder,
      record: ({ review }) => reviews.push(review),
    };
    const { handle } = handling({ recorder });
    void handle({ protocol, stage: 'deny', query: '' }, body, 0);
    assert.deepEqual(
      reviews.map((review) => 'subject' in review),
      [false],
    );
  });

  it('F10 passes the time of the caller to the bouncer, minus the time for receiving', () => {
    const budgets: number[] = [];
    const bouncer: Bouncer = { decide: (_review, budgetMs) => (budgets.push(budgetMs), admitted) };
    const { handle } = handling({ bouncer, now: () => 3000 });
    void handle({ protocol, stage: 'deny', query: 'timeout=5s' }, body, 2000);
    void handle({ protocol, stage: 'deny', query: 'timeout=30s' }, body, 2000);
    void handle({ protocol, stage: 'deny', query: '' }, body, 3000);
    assert.deepEqual(budgets, [3500, 8500, 9500]);
    const short = handling({ bouncer, maximumTimeoutMs: 2000 });
    void short.handle({ protocol, stage: 'deny', query: 'timeout=5s' }, body, 0);
    assert.equal(budgets.at(-1), 1500);
  });

  it('F10 refuses in time although the decision never resolves', async () => {
    const bouncer: Bouncer = { decide: () => new Promise<Decision>(() => {}) };
    const { handle, records } = handling({ bouncer });
    const started = performance.now();
    assert.equal(
      await outcomeOf(handle({ protocol, stage: 'deny', query: 'timeout=100ms' }, body, 0)),
      'failed DEADLINE',
    );
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 50 && tookMs < 3000, `took ${tookMs} ms`);
    assert.equal(records[0]?.outcome, 'failed');
  });

  it('waits for a decision that is a promise', async () => {
    const { handle } = handling({ bouncer: { decide: async () => admitted } });
    assert.equal(await outcomeOf(handle({ protocol, stage: 'deny', query: '' }, body, 0)), 'admitted');
  });

  it('refuses if deciding throws or rejects, and reports the error to the log only', async () => {
    const boom = new Error('canary');
    const thrower: Bouncer = {
      decide() {
        throw boom;
      },
    };
    for (const bouncer of [thrower, { decide: () => Promise.reject(boom) }]) {
      const { handle, failures, records } = handling({ bouncer });
      const answer = await handle({ protocol, stage: 'deny', query: '' }, body, 0);
      assert.equal(await outcomeOf(answer), 'failed INTERNAL');
      assert.ok(!answer.body.includes('canary'));
      assert.deepEqual(failures, [boom]);
      assert.equal(records[0]?.outcome, 'failed');
    }
  });

  it('refuses if a protocol throws while it opens a review, answers it, or answers it a second time', async () => {
    const broken = (): never => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const opening: ReviewProtocol = { ...protocol, open: broken };
    const once: ReviewProtocol = {
      ...protocol,
      open: () => ({
        review: reviewOf('u-1'),
        respond: (decision) =>
          decision.outcome === 'admitted' ? broken() : { status: 200, body: JSON.stringify(decision) },
      }),
    };
    const always: ReviewProtocol = {
      ...protocol,
      open: () => ({ review: reviewOf('u-1'), respond: broken }),
    };
    for (const [wrong, expected, recorded] of [
      [opening, 'MALFORMED_REVIEW', undefined],
      [once, 'failed INTERNAL', 'failed'],
      [always, 'MALFORMED_REVIEW', 'failed'],
    ] as const) {
      const { handle, failures, records } = handling();
      assert.equal(await outcomeOf(handle({ protocol: wrong, stage: 'deny', query: '' }, body, 0)), expected);
      assert.ok(failures.length > 0);
      assert.equal(records[0]?.outcome, recorded);
    }
  });

  it('answers although its recorder throws', async () => {
    const recorder = {
      record: () => {
        throw new Error('disk full');
      },
      reject: () => {},
      shed: () => {},
    };
    const { handle, failures } = handling({ recorder });
    assert.equal(await outcomeOf(handle({ protocol, stage: 'deny', query: '' }, body, 0)), 'admitted');
    assert.equal(failures.length, 1);
  });

  it('rejects a body that is not JSON in UTF-8, and never quotes it', async () => {
    for (const [bytes, code] of [
      [Buffer.from(''), 'MALFORMED_JSON'],
      [Buffer.from('{"uid":canary}'), 'MALFORMED_JSON'],
      [Buffer.from('{"uid":"a"} {}'), 'MALFORMED_JSON'],
      [Buffer.from([0x7b, 0x22, 0x75, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'MALFORMED_JSON'],
      [Buffer.from('{"uid":"u"}', 'utf16le'), 'MALFORMED_JSON'],
      [Buffer.from('null'), 'MALFORMED_REVIEW'],
      [Buffer.from('{"uid":1}'), 'MALFORMED_REVIEW'],
    ] as const) {
      const { handle, rejections, failures } = handling();
      const answer = await handle({ protocol, stage: 'deny', query: '' }, bytes, 0);
      assert.equal(await outcomeOf(answer), code);
      assert.deepEqual(rejections, [code]);
      assert.deepEqual(failures, []);
      assert.ok(!answer.body.includes('canary'));
    }
  });

  it('answers at the stage of the path, and records the decision without the stage', async () => {
    const bouncer: Bouncer = {
      decide: () => {
        throw new Error('boom');
      },
    };
    for (const [stage, expected] of [
      ['deny', 'failed INTERNAL'],
      ['warn', 'admitted'],
      ['audit', 'admitted'],
    ] as const) {
      const { handle, records } = handling({ bouncer });
      assert.equal(await outcomeOf(handle({ protocol, stage, query: '' }, body, 0)), expected);
      assert.equal(records[0]?.outcome, 'failed', stage);
      assert.equal(records[0]?.stage, stage);
    }
  });

  it('F20 refuses a large body whose time is over by its first bytes, and decides a small one', () => {
    const late = { protocol, stage: 'deny', query: 'timeout=1s' } as const;
    const large = Buffer.concat([body.subarray(0, -1), Buffer.from(`,"pad":"${'x'.repeat(1000)}"}`)]);
    for (const [bytes, shedFor, recorded] of [
      [large, ['deadline'], []],
      [body, [], ['admitted']],
      [Buffer.from(large.toString().replace('{', '{ ')), [], ['admitted']],
    ] as const) {
      const { handle, shed, records } = handling({ now: () => 500 });
      void handle(late, bytes, 0);
      assert.deepEqual([shed, records.map(({ outcome }) => outcome)], [shedFor, recorded]);
    }
  });

  it('refuses by the first bytes, otherwise by parsing a body that is not large', async () => {
    const route = { protocol, stage: 'deny', query: '' } as const;
    const large = Buffer.from(`{ "uid":"u-1","pad":"${'x'.repeat(1000)}"}`);
    for (const [bytes, reason, expected] of [
      [body, 'queue', 'failed OVERLOADED'],
      [body.subarray(0, 12), 'wait', 'failed OVERLOADED'],
      [body, 'failure', 'failed INTERNAL'],
      [Buffer.from('{ "uid":"u-1"}'), 'queue', 'failed OVERLOADED'],
      [Buffer.from('{ "uid":"u-1"}'), 'receiving', undefined],
      [Buffer.from('{ "uid":'), 'queue', 'MALFORMED_JSON'],
      [large, 'queue', undefined],
    ] as const) {
      const { refuse } = handling();
      const answer = refuse(route, bytes, reason);
      assert.equal(answer && (await outcomeOf(answer)), expected, `${bytes.toString()} ${reason}`);
    }
  });

  it('admits a shed review at stage warn, because that stage admits everything', async () => {
    const { refuse } = handling();
    const answer = refuse({ protocol, stage: 'warn', query: '' }, body, 'queue');
    assert.equal(answer && (await outcomeOf(answer)), 'admitted');
  });

  it('refuses every body after an unexpected failure', async () => {
    const { handle } = handling({ isBroken: () => true });
    const route = { protocol, stage: 'deny', query: '' } as const;
    for (const bytes of [
      body,
      Buffer.from('{ "uid":"u-1"}'),
      Buffer.from(`{ "uid":"u-1","pad":"${'x'.repeat(1000)}"}`),
    ])
      assert.equal(await outcomeOf(handle(route, bytes, 0)), 'failed INTERNAL');
  });
});
