import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Case } from './case.ts';
import { drawCase } from './generator.ts';
import { judge, type Reply } from './judge.ts';
import { reconcile } from './report.ts';

const UID = 'u-1';

/** A request with this truth, as if it had been drawn. */
function caseWith(changes: Partial<Case> = {}): Case {
  return {
    ...drawCase(1, 0),
    protocol: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    uid: UID,
    stage: 'deny',
    timeoutMs: 10_000,
    warns: undefined,
    truth: 'good',
    expected: 'admit',
    recorded: 'decision',
    ...changes,
  };
}

const BAD = { truth: 'bad', expected: 'refuse' } as const;

function reply(response: object, envelope: object = {}, status = 200): Reply {
  const document = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: UID, ...response },
  };
  return { status, body: JSON.stringify({ ...document, ...envelope }), elapsedMs: 1 };
}

function denied(message = 'no', changes: object = {}): object {
  return {
    allowed: false,
    status: { status: 'Failure', code: 403, reason: 'Forbidden', message, ...changes },
  };
}

describe('the judgement of answers', () => {
  it('reports nothing for correct answers', () => {
    assert.deepEqual(judge(caseWith(), reply({ allowed: true })), { outcome: 'admitted' });
    assert.deepEqual(judge(caseWith(BAD), reply(denied())), { outcome: 'refused' });
    const rejected = { status: 400, body: '{"error":{}}', elapsedMs: 1 };
    assert.deepEqual(judge(caseWith({ truth: 'bad', expected: 'reject' }), rejected), {
      outcome: 'rejected',
    });
  });

  it('reports an open gate, regardless of other faults of the answer, and in every window', () => {
    for (const wrong of [
      reply({ allowed: true }),
      reply({ allowed: true, uid: 'x' }),
      reply({ allowed: true }, {}, 500),
    ]) {
      for (const faulty of [false, true]) assert.equal(judge(caseWith(BAD), wrong, faulty).fault, 'failOpen');
    }
  });

  it('reports a wrong denial', () => {
    assert.equal(judge(caseWith(), reply(denied())).fault, 'wrongDeny');
    assert.equal(judge(caseWith(), reply(denied()), true).fault, 'wrongDeny');
  });

  it('reports that nothing was decided, except in a window of faults', () => {
    for (const code of ['DEADLINE', 'INTERNAL', 'NO_POLICY', 'OVERLOADED']) {
      const answer = reply(denied(`${code}: sorry`));
      assert.equal(judge(caseWith(), answer).fault, 'wrongDeny');
      assert.equal(judge(caseWith(BAD), answer).fault, 'badShape');
      assert.deepEqual(judge(caseWith(), answer, true), { outcome: 'failed' });
    }
  });

  it('reports missing and late answers, except in a window of faults', () => {
    assert.equal(judge(caseWith(), undefined).fault, 'noAnswer');
    assert.deepEqual(judge(caseWith(), undefined, true), { outcome: 'unanswered' });
    const late = { ...reply({ allowed: true }), elapsedMs: 9751 };
    assert.equal(judge(caseWith(), late).fault, 'late');
    assert.equal(judge(caseWith(), { ...late, elapsedMs: 9749 }).fault, undefined);
    assert.equal(judge(caseWith(), late, true).fault, undefined);
  });

  const shapes: readonly (readonly [what: string, answer: Reply, question?: Partial<Case>])[] = [
    ['no JSON', { status: 200, body: '{}{}', elapsedMs: 1 }],
    ['no response', { status: 200, body: '{}', elapsedMs: 1 }],
    ['another uid', reply({ allowed: true, uid: 'u-2' })],
    ['another version', reply({ allowed: true }, { apiVersion: 'admission.k8s.io/v1beta1' })],
    ['another status', reply({ allowed: true }, {}, 201)],
    ['a patch', reply({ allowed: true, patch: '' })],
    ['a warning of two lines', reply({ allowed: true, warnings: ['a\nb'] })],
    ['a warning that is too long', reply({ allowed: true, warnings: ['a'.repeat(257)] })],
    ['a key that is no name', reply({ allowed: true, auditAnnotations: { 'a/b': 'x' } })],
    ['a denial with 401', reply(denied('no', { code: 401 })), BAD],
    ['a denial without a reason', reply(denied('')), BAD],
    ['a denial of two lines', reply(denied('a\nb')), BAD],
    ['a denial that is too long', reply(denied('a'.repeat(1025))), BAD],
    ['a missing warning', reply({ allowed: true }), { warns: true }],
    ['an unexpected warning', reply({ allowed: true, warnings: ['a'] }), { warns: false }],
    ['a verdict for a review without a uid', reply(denied()), { truth: 'bad', expected: 'reject' }],
  ];
  for (const [what, answer, question] of shapes) {
    it(`finds ${what}`, () => assert.equal(judge(caseWith(question), answer).fault, 'badShape'));
  }
});

it('different counts are reported with the party of each count', () => {
  const [client, log] = [
    new Map([['a', 1]]),
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  ];
  assert.deepEqual(reconcile({ client, log: client }), []);
  assert.deepEqual(reconcile({ client, log }), [{ key: 'b', counts: { client: 0, log: 2 } }]);
});
