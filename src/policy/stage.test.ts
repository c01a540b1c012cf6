import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phrase } from '../language/phrase.ts';
import { englishText } from '#test/phrases.ts';
import { BAD, pod } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { judge } from '#test/verdicts.ts';
import { type Decision, type ValidationAction, failed } from './decision.ts';
import { applyStage, STAGES } from './stage.ts';

const object = pod({ containers: { web: BAD } });

/** The decision on a bad image under a rule with these actions. */
async function decisionUnder(...validationActions: ValidationAction[]) {
  const rule = { name: 'no-latest', disallowedTags: { tags: ['latest'] }, validationActions };
  return judge({ object }, await policyOf(rule));
}

const undecided = failed('INTERNAL');

describe('a stage', () => {
  it('replaces actions that are stronger than the stage allows, and keeps weaker ones', async () => {
    const table: readonly [ValidationAction[], Record<(typeof STAGES)[number], ValidationAction[]>][] = [
      [['Deny'], { deny: ['Deny'], warn: ['Warn', 'Audit'], audit: ['Audit'] }],
      [['Warn', 'Audit'], { deny: ['Warn', 'Audit'], warn: ['Warn', 'Audit'], audit: ['Audit'] }],
      [['Warn'], { deny: ['Warn'], warn: ['Warn'], audit: ['Audit'] }],
      [['Audit'], { deny: ['Audit'], warn: ['Audit'], audit: ['Audit'] }],
    ];
    for (const [actions, expected] of table) {
      const decision = await decisionUnder(...actions);
      for (const stage of STAGES) {
        const { outcome, violations } = applyStage(decision, stage);
        assert.deepEqual(violations[0]?.actions, expected[stage], `${actions.join()} at ${stage}`);
        assert.equal(
          outcome,
          stage === 'deny' ? decision.outcome : 'admitted',
          `${actions.join()} at ${stage}`,
        );
      }
    }
  });

  it('refuses a review that cannot be decided only at deny', () => {
    assert.equal(applyStage(undecided, 'deny'), undecided);
    const warned = applyStage(undecided, 'warn');
    assert.equal(warned.outcome, 'admitted');
    assert.match(
      englishText(warned.notices[0]?.text),
      /^not decided, and so admitted at stage warn: INTERNAL: /,
    );
    assert.deepEqual(applyStage(undecided, 'audit').notices, []);
  });

  it('removes notices at audit', async () => {
    const notice = { code: 'PLACEHOLDER', use: undefined, text: phrase('PLACEHOLDER.text') } as const;
    const decision = { ...(await decisionUnder('Deny')), notices: [notice] } as Decision;
    assert.deepEqual(applyStage(decision, 'warn').notices, [notice]);
    assert.deepEqual(applyStage(decision, 'audit').notices, []);
  });
});
