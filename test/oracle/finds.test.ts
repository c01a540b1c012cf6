// Faults that the oracle found, one test each. They are faults of the product or of the oracle.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workload } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { askAdmission } from '#test/verdicts.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { drawCase } from './generator.ts';
import { vouched } from './image-policies.ts';
import { createInProcessGate } from './in-process.ts';
import { judge } from './judge.ts';
import { Stalls } from './stalls.ts';

describe('faults of the product', () => {
  it('K02 two warnings about one long image in one deep field are two texts, each with its reason', async () => {
    const policy = await policyOf(
      { disallowedTags: { tags: ['latest'] }, validationActions: ['Warn'] },
      { requiredDigest: {}, validationActions: ['Warn'] },
    );
    const image = `registry.example.com/${'a'.repeat(234)}`;
    const object = workload('batch/v1', 'CronJob', 'spec.jobTemplate.spec.template.spec', {
      containers: [{ name: 'web', image: 'registry.example.com/web:1@sha256:'.concat('a'.repeat(64)) }],
      ephemeralContainers: [{ name: 'one', image }],
    });
    const { warnings = [] } = askAdmission({ object }, policy);
    assert.equal(warnings.length, 2);
    assert.equal(new Set(warnings).size, 2);
    assert.match(warnings[0] ?? '', /ephemeralContainers\[0\]\.image \(container "one"\): .* is not allowed/);
    assert.match(warnings[1] ?? '', /ephemeralContainers\[0\]\.image \(container "one"\): .* not pinned/);
    for (const warning of warnings) assert.ok(warning.length <= 240, warning);
  });
});

describe('faults of the oracle', () => {
  it('a disguise of a review is still JSON (a key before the end of an empty object left a comma)', () => {
    for (let index = 0; index < 3000; index += 1) {
      const testCase = drawCase(8, index);
      if (testCase.recorded === 'decision') JSON.parse(testCase.body.toString());
    }
  });

  it('only a stall of the machine excuses OVERLOADED', () => {
    const stalls = new Stalls(0);
    assert.equal(stalls.answered(10, 10), false);
    assert.equal(stalls.answered(260, 100), true);
    assert.equal(stalls.answered(400, 10), true);
    for (let now = 500; now <= 1300; now += 100) stalls.answered(now, 10);
    assert.equal(stalls.answered(1310, 10), false);
    assert.equal(stalls.answered(1320, 400), true);
    stalls.resume(5000);
    assert.equal(stalls.answered(5010, 10), false);
    assert.match(String(stalls), /^1 moments .* longest 250 ms$/);
  });
});

describe('XH4 the oracle finds a gate in which another rule vouches', () => {
  const everything = (): boolean => true;
  const wrong: Readonly<Record<string, (rule: Rule) => Rule>> = {
    'a rule that audits': (rule) =>
      rule.actions.includes('Deny') ? rule : { ...rule, actions: ['Deny'], vouchesFor: everything },
    'a rule without names': (rule) =>
      rule.match?.images === undefined ? { ...rule, vouchesFor: everything } : rule,
    'a rule that matches images under other names': (rule) =>
      rule.match?.images === undefined ? rule : { ...rule, vouchesFor: everything },
  };
  for (const [what, changeRule] of Object.entries({ control: undefined, ...wrong })) {
    it(`XH4 ${what}`, async () => {
      const gate = await createInProcessGate([vouched], changeRule);
      let failOpen = 0;
      for (let index = 0; index < 400; index += 1) {
        const testCase = drawCase(8, index, [vouched]);
        if (judge(testCase, await gate.ask(testCase)).fault === 'failOpen') failOpen += 1;
      }
      assert.equal(failOpen > 0, changeRule !== undefined);
    });
  }
});
