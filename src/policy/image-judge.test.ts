import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KNOWN, reviewOf } from '#test/bare-reviews.ts';
import { policyOf, policyWithCheck } from '#test/policies.ts';
import { decide } from '#test/verdicts.ts';
import type { Check } from './rule.ts';

/** A check that counts its calls for each image, and has no objection. */
function spy(): { readonly asked: Map<string, number>; readonly check: Check } {
  const asked = new Map<string, number>();
  return {
    asked,
    check: ({ original }) => {
      asked.set(original, (asked.get(original) ?? 0) + 1);
      return undefined;
    },
  };
}

/** The judge for reviews, which remembers images. */
function judgeOf(check: Check): (image: string) => unknown {
  const judge = policyWithCheck(check).judgeFor(reviewOf([]));
  return (image) => judge(image, () => false);
}

describe('the memory of a policy', () => {
  it('calls a rule at most twice for an image, in one review and in many', () => {
    const { asked, check } = spy();
    const policy = policyWithCheck(check);
    for (let round = 0; round < 100; round += 1) decide(reviewOf(['nginx:1', 'nginx:1', 'app:2']), policy);
    assert.deepEqual(
      [...asked],
      [
        ['nginx:1', 2],
        ['app:2', 2],
      ],
    );
  });

  it('contains 4096 images that occurred twice, and is then cleared', () => {
    const { asked, check } = spy();
    const judge = judgeOf(check);
    const judgeTwice = (image: string): void => void [judge(image), judge(image)];
    for (let index = 0; index < 4096; index += 1) judgeTwice(`app:${index}`);
    judge('app:0');
    assert.equal(asked.get('app:0'), 2, 'the first image is still in the memory after the last of 4096');
    judgeTwice('app:4096');
    judge('app:0');
    assert.equal(asked.get('app:0'), 3);
  });

  it('is not filled by images that occur once', () => {
    const { asked, check } = spy();
    const judge = judgeOf(check);
    judge('app:0');
    judge('app:0');
    for (let index = 1; index < 10_000; index += 1) judge(`app:${index}`);
    judge('app:0');
    assert.equal(asked.get('app:0'), 2);
  });

  it('has 4096 slots for images that occurred once, and then replaces these images', () => {
    const { asked, check } = spy();
    const judge = judgeOf(check);
    for (let index = 0; index < 4097; index += 1) judge(`app:${index}`);
    judge('app:0');
    judge('app:0');
    assert.equal(asked.get('app:0'), 3, 'the first occurrence is no longer in the memory');
    judge('app:0');
    assert.equal(asked.get('app:0'), 3);
  });

  it('does not contain texts that are longer than any reference', () => {
    const judge = judgeOf(() => undefined);
    const long = `app:${'a'.repeat(2000)}`;
    judge(long);
    assert.notEqual(judge(long), judge(long));
    judge('app:1');
    assert.equal(judge('app:1'), judge('app:1'));
  });

  it('contains images that are named like parts of JavaScript objects', () => {
    const { asked, check } = spy();
    const policy = policyWithCheck(check);
    for (let round = 0; round < 3; round += 1) decide(reviewOf(['constructor', 'valueof']), policy);
    assert.deepEqual([...asked.values()], [2, 2]);
  });

  it('never returns the result for another namespace, user, resource or usage', async () => {
    const policy = await policyOf({
      match: { namespaces: ['team-a'], users: ['alice'], resources: ['pods'], usages: ['container'] },
      disallowedTags: { tags: ['latest'] },
    });
    const bob = { username: 'bob', groups: [] };
    for (let round = 0; round < 3; round += 1) {
      assert.equal(decide(reviewOf('nginx'), policy).outcome, 'refused');
      assert.equal(decide(reviewOf('nginx', { ...KNOWN, namespace: 'team-b' }), policy).outcome, 'admitted');
      assert.equal(decide(reviewOf('nginx', { ...KNOWN, user: bob }), policy).outcome, 'admitted');
      assert.equal(
        decide(reviewOf('nginx', { ...KNOWN, resource: 'deployments.apps' }), policy).outcome,
        'admitted',
      );
      assert.equal(
        decide(reviewOf('nginx', { ...KNOWN, usage: 'initContainer' }), policy).outcome,
        'admitted',
      );
    }
  });

  it('belongs to one policy', async () => {
    const strict = await policyOf({ requiredDigest: {} });
    const lax = await policyOf({ disallowedTags: { tags: ['dev'] } });
    assert.equal(decide(reviewOf('nginx'), strict).outcome, 'refused');
    assert.equal(decide(reviewOf('nginx'), lax).outcome, 'admitted');
    assert.equal(decide(reviewOf('nginx'), strict).outcome, 'refused');
  });
});
