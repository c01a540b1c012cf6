import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { KNOWN, reviewOf } from '#test/bare-reviews.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec, workload } from '#test/pods.ts';
import { policyDocument, policyOf } from '#test/policies.ts';
import { englishText } from '#test/phrases.ts';
import { decide, judge } from '#test/verdicts.ts';
import { decodePolicy } from './decode.ts';
import { type Decision, failed, failureReason } from './decision.ts';
import { applyStage } from './stage.ts';
import { fieldOf } from '../image/use.ts';

const LATEST = { name: 'no-latest', disallowedTags: { tags: ['latest'] } };
const MIRROR = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
const NODE = { username: 'system:node:node-1', groups: ['system:nodes'] };

/** Code, field and sentence of each notice. */
function noticesOf({ notices }: Decision) {
  return notices.map(({ code, use, text }) => [code, use && fieldOf(use), englishText(text)]);
}

describe('a notice, which refuses nothing, is given for', () => {
  it('a placeholder, with its place', () => {
    const decision = judge({ object: deployment({ containers: { web: '$(image)' } }) });
    assert.deepEqual(noticesOf(decision), [
      [
        'PLACEHOLDER',
        'spec.template.spec.containers[0].image',
        'is a placeholder; the pod that is created from it is judged',
      ],
    ]);
  });

  it('an unchanged bad image of a template, with the reason of the rule that will refuse its pods', async () => {
    const object = deployment({ containers: { web: BAD } });
    for (const [rule, why] of [
      [LATEST, 'tag "latest" is not allowed'],
      [{ ...LATEST, message: 'no latest here' }, 'no latest here'],
    ] as const) {
      const decision = judge({ object, oldObject: object }, await policyOf(rule));
      assert.deepEqual(noticesOf(decision), [
        [
          'UNCHANGED_VIOLATION',
          'spec.template.spec.containers[0].image',
          `is unchanged, but new pods with it will be refused: ${why}`,
        ],
      ]);
      assert.deepEqual(
        decision.uses.map(({ use, reference }) => [use.image, reference.kind]),
        [[BAD, 'image']],
      );
    }
  });

  it('an unknown kind', () => {
    const decision = judge({ object: workload('example.com/v1', 'Widget', 'spec', {}) });
    const [notice] = decision.notices;
    assert.deepEqual(
      [notice?.code, notice?.kind, notice?.use],
      ['UNKNOWN_KIND', 'Widget.example.com', undefined],
    );
    assert.match(englishText(notice?.text), /Widget\.example\.com/);
    const long = { group: 'g'.repeat(300), version: 'v1', kind: 'W' };
    assert.match(englishText(judge({ object: {}, kind: long }).notices[0]?.text), /W\.g{1,126}\.\.\./);
  });

  it('A20 a mirror pod, whose violations only warn and audit', async () => {
    const object = podOf({ ...podSpec({ containers: { web: BAD } }), nodeName: 'node-1' }, MIRROR);
    for (const validationActions of [['Deny'], ['Audit'], ['Warn']] as ['Deny' | 'Audit' | 'Warn'][]) {
      const policy = await policyOf({ ...LATEST, validationActions });
      const decision = judge({ object, userInfo: NODE }, policy);
      assert.equal(decision.outcome, 'admitted');
      assert.deepEqual(
        decision.violations.map(({ actions }) => actions),
        [validationActions[0] === 'Deny' ? ['Warn', 'Audit'] : validationActions],
      );
      assert.deepEqual(noticesOf(decision), [
        ['MIRROR_POD', undefined, 'admitted because the node runs this static pod already'],
      ]);
    }
    const good = podOf({ ...podSpec(), nodeName: 'node-1' }, MIRROR);
    assert.deepEqual(
      noticesOf(judge({ object: good, userInfo: NODE })),
      [],
      'no notice for a good mirror pod',
    );
  });

  it('no image of a DELETE, of an unreadable object or of an unknown kind', () => {
    const empty = { uses: [], notices: [], violations: [] };
    const gone = judge({ object: null, oldObject: pod(), operation: 'DELETE' });
    assert.deepEqual(gone, { ...gone, outcome: 'admitted', ...empty });
    const unreadable = judge({ object: podOf(null) });
    assert.deepEqual([unreadable.uses, unreadable.notices, unreadable.violations.length], [[], [], 1]);
    const unknown = judge({ object: workload('example.com/v1', 'Widget', 'spec', {}) });
    assert.deepEqual([unknown.uses, unknown.violations, unknown.notices.length], [[], [], 1]);
  });
});

describe('a selector for a value that the protocol does not contain', () => {
  it('C13 an exclusion by namespace applies only if the namespace is known; one by image alone always applies', async () => {
    const policy = await policyOf({ ...LATEST, exclude: { images: ['registry.example.com/team/*'] } });
    assert.equal(decide(reviewOf([BAD, GOOD]), policy).outcome, 'admitted');
    const both = { ...LATEST, exclude: { images: ['registry.example.com/team/*'], namespaces: ['prod'] } };
    assert.equal(
      decide(reviewOf(BAD, { ...KNOWN, namespace: 'prod' }), await policyOf(both)).outcome,
      'admitted',
    );
    assert.equal(decide(reviewOf(BAD), await policyOf(both)).outcome, 'refused');
    assert.equal(decide(reviewOf(BAD, {}), await policyOf(both)).outcome, 'refused');
  });
});

test('the action of a rule is its own, otherwise that of the policy, otherwise Deny', async () => {
  const actionsOf = async (spec: object, rule: object): Promise<unknown> => {
    const document = policyDocument([{ ...LATEST, ...rule }]);
    const policy = await decodePolicy({ ...document, spec: { ...document.spec, ...spec } });
    return policy.rules[0]?.actions;
  };
  assert.deepEqual(await actionsOf({}, {}), ['Deny']);
  assert.deepEqual(await actionsOf({ validationActions: ['Warn'] }, {}), ['Warn']);
  assert.deepEqual(
    await actionsOf({ validationActions: ['Warn'] }, { validationActions: ['Warn', 'Audit'] }),
    ['Warn', 'Audit'],
  );
});

test('a review that could not be decided has only a code, with a sentence', () => {
  for (const [code, sentence] of [
    ['DEADLINE', 'there was not enough time to decide; try again'],
    ['INTERNAL', 'the gate could not decide; its log has the reason'],
    ['NO_POLICY', 'no policy is loaded, so nothing can be admitted'],
    ['OVERLOADED', 'the gate gets more reviews than it can decide in time; try again'],
  ] as const) {
    const empty = { policy: undefined, uses: [], notices: [], violations: [] };
    assert.deepEqual(failed(code), { outcome: 'failed', code, ...empty });
    assert.equal(englishText(failureReason(code)), sentence);
    const softened = applyStage(failed(code), 'warn');
    assert.deepEqual([softened.outcome, softened.violations, softened.uses], ['admitted', [], []]);
  }
});
