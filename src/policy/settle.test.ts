import assert from 'node:assert/strict';
import { it } from 'node:test';
import { reviewOf } from '#test/bare-reviews.ts';
import { GOOD } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { APPROVED, policyOfRules, rulesLike } from '#test/questions.ts';
import { judge } from './judge.ts';
import { settle } from './settle.ts';

it('a review with a question is settled however many violations of other rules it has', async () => {
  const [audit] = (await policyOf({ validationActions: ['Audit'], requiredDigest: {} })).rules;
  const [asking] = await rulesLike({ match: { images: ['docker.io/**'] } });
  assert.ok(audit !== undefined && asking !== undefined);
  const audits = Array.from({ length: 400 }, (_, index) => Object.assign({}, audit, { name: `r${index}` }));
  const policy = policyOfRules(...audits, asking);
  const images = Array.from({ length: 499 }, () => GOOD);
  for (const order of [
    [...images, 'nginx:1'],
    ['nginx:1', ...images],
  ]) {
    const review = reviewOf(order);
    assert.ok(review.subject.kind === 'images');
    const open = judge(policy, review, review.subject);
    assert.ok(open.outcome === 'open');
    const decision = settle(open, () => APPROVED);
    assert.deepEqual([decision.outcome, decision.violations.length], ['admitted', 200_000]);
  }
});
