import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageReference } from '../../src/image/reference.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { drawCase, POLICIES } from './generator.ts';
import { createInProcessGate } from './in-process.ts';
import { judge } from './judge.ts';
import type { OraclePolicy } from './policy.ts';

const CASES = 40;

/** Rules about other namespaces and other images. They change no verdict of the oracle. */
function otherRules(number: number): readonly object[] {
  return [
    {
      name: `other-team-${number}`,
      match: { namespaces: [`other-team-${number}`, `other-team-${number}-*`] },
      allowedImages: { images: [`other.example.org/team-${number}/**`, `*.example.org/t${number}/*`] },
    },
    {
      name: `other-user-${number}`,
      match: { users: [`other-user-${number}`], namespaces: ['other-*'] },
      requireFullyQualified: {},
    },
    {
      name: `other-images-${number}`,
      match: { images: [`other-${number}.example.org/**`, `registry.other.example.org/team-${number}-*`] },
      requiredDigest: {},
    },
    { name: `other-evil-${number}`, disallowedImages: { images: [`evil-${number}.example.org/**`] } },
  ];
}

/** The same policy among 600 rules that have no effect. */
function enlarged(policy: OraclePolicy): OraclePolicy {
  const document = policy.document as { readonly spec: { readonly rules: readonly object[] } };
  const others = Array.from({ length: 150 }, (_, number) => otherRules(number)).flat();
  // Its own rules are between the others.
  const rules = document.spec.rules.reduce<readonly object[]>(
    (all, rule, index) => all.toSpliced(100 * (index + 1), 0, rule),
    others,
  );
  return { ...policy, document: { ...document, spec: { ...document.spec, rules } } };
}

/** A gate that skips the rules of the oracle for some reason, as a wrong index would. */
const WRONG: Readonly<Record<string, (rule: Rule) => Rule>> = {
  'that compares no image with a rule': (rule) => ({
    ...rule,
    check: Object.assign((image: ImageReference) => rule.check(image), { only: [] }),
  }),
  'that finds no namespace': (rule) =>
    rule.match?.namespaces === undefined ? rule : { ...rule, match: { ...rule.match, namespaces: [] } },
};

async function countFailOpen(
  policies: readonly OraclePolicy[],
  changeRule?: (rule: Rule) => Rule,
): Promise<{ readonly failOpen: number; readonly faults: readonly string[] }> {
  const gate = await createInProcessGate(policies, changeRule);
  let failOpen = 0;
  const faults: string[] = [];
  for (let index = 0; index < CASES * policies.length; index += 1) {
    const testCase = drawCase(3, index, policies);
    const { fault, detail } = judge(testCase, await gate.ask(testCase));
    if (fault === 'failOpen') failOpen += 1;
    if (fault !== undefined) faults.push(`${testCase.policy.name} ${index}: ${fault} ${detail ?? ''}`);
  }
  return { failOpen, faults };
}

describe('each policy of the oracle among 600 rules without effect', () => {
  const policies = POLICIES.map(enlarged);

  it('XH3 has the same verdicts', async () => {
    assert.deepEqual((await countFailOpen(policies)).faults, []);
  });

  for (const [what, changeRule] of Object.entries(WRONG)) {
    it(`XH3 the oracle finds a gate ${what}`, async () => {
      assert.ok((await countFailOpen(policies, changeRule)).failOpen > 0);
    });
  }
});
