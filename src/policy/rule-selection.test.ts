import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KNOWN, reviewOf, type KnownFacts } from '#test/bare-reviews.ts';
import { policyOf } from '#test/policies.ts';
import { decide } from '#test/verdicts.ts';
import { PatternList } from '../image/pattern-index.ts';
import { parseImagePattern } from '../image/pattern.ts';
import { quote } from '../image/quote.ts';
import { objection } from '../language/objection.ts';
import { BUILT_IN_KINDS } from '../workload/kinds.ts';
import { createPolicy, type Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import type { Selector } from './selector.ts';

const TEAMS = 300;
const IMAGES = Array.from({ length: 500 }, (_, index) => `registry.example.com/team-7/app-${index}:1`);
const NO_SELECTOR: Selector = {
  images: undefined,
  usages: undefined,
  resources: undefined,
  namespaces: undefined,
  users: undefined,
  groups: undefined,
};

/** A policy of a rule for each team, and the number of calls of its checks and of its tests for names. */
function countingPolicy(selectorsOf: (team: number, isName: (name: string) => boolean) => Partial<Rule>): {
  readonly policy: Policy;
  readonly counts: { checks: number; names: number };
} {
  const counts = { checks: 0, names: 0 };
  const rules = Array.from({ length: TEAMS }, (_, team): Rule => ({
    name: `team-${team}`,
    kind: 'counting',
    actions: ['Deny'],
    match: undefined,
    exclude: undefined,
    vouchesFor: undefined,
    check: () => {
      counts.checks += 1;
      return undefined;
    },
    message: undefined,
    ...selectorsOf(team, (name) => {
      counts.names += 1;
      return name === `team-${team}`;
    }),
  }));
  const identity = { name: 'counting', revision: '000000000000' };
  const policy = createPolicy({ identity, rules, unmatchedImages: 'Allow', kinds: BUILT_IN_KINDS });
  return { policy, counts };
}

describe('a review with 500 new images under 300 rules', () => {
  for (const [title, selectorsOf, facts] of [
    [
      'namespace',
      (isName) => ({ match: { ...NO_SELECTOR, namespaces: [isName] } }),
      { ...KNOWN, namespace: 'team-7' },
    ],
    [
      'user',
      (isName) => ({ match: { ...NO_SELECTOR, users: [isName] } }),
      { ...KNOWN, user: { username: 'team-7', groups: [] } },
    ],
    [
      'group',
      (isName) => ({ match: { ...NO_SELECTOR, groups: [isName] } }),
      { ...KNOWN, user: { username: 'alice', groups: ['team-7'] } },
    ],
  ] as const satisfies readonly (readonly [
    string,
    (isName: (name: string) => boolean) => Partial<Rule>,
    KnownFacts,
  ])[]) {
    it(`XH3 compares the ${title} once for each rule, and asks only the rule that can apply`, () => {
      const { policy, counts } = countingPolicy((_, isName) => selectorsOf(isName));
      decide(reviewOf(IMAGES, facts), policy);
      assert.deepEqual(counts, { checks: IMAGES.length, names: TEAMS });
    });
  }

  it('XH3 asks only the rules of the resource', () => {
    const { policy, counts } = countingPolicy((team) => ({
      match: { ...NO_SELECTOR, resources: new Set([team === 7 ? 'pods' : 'jobs.batch']) },
    }));
    decide(reviewOf(IMAGES), policy);
    assert.equal(counts.checks, IMAGES.length);
  });

  it('XH3 asks no rule that excludes the namespace', () => {
    const { policy, counts } = countingPolicy((team) => ({
      exclude: { ...NO_SELECTOR, namespaces: [(name) => team !== 7 && name === 'team-a'] },
    }));
    decide(reviewOf(IMAGES), policy);
    assert.equal(counts.checks, IMAGES.length);
  });

  it('XH3 asks only the rules whose match.images select the image', () => {
    const { policy, counts } = countingPolicy((team) => ({
      match: {
        ...NO_SELECTOR,
        images: new PatternList([parseImagePattern(`registry.example.com/team-${team}/**`, 'closes')]),
      },
    }));
    decide(reviewOf(IMAGES), policy);
    assert.equal(counts.checks, IMAGES.length);
  });

  it('XH3 asks only the rules whose disallowedImages match the image', () => {
    let checks = 0;
    const { policy } = countingPolicy((team) => {
      const check = (): ReturnType<Rule['check']> => {
        checks += 1;
        return objection('DISALLOWED_IMAGE.named', { name: quote('app') });
      };
      const only = [parseImagePattern(`registry.example.com/team-${team}/**`, 'closes')];
      return { check: Object.assign(check, { only }) };
    });
    const { violations } = decide(reviewOf(IMAGES), policy);
    assert.deepEqual([checks, violations.length], [IMAGES.length, IMAGES.length]);
    assert.ok(violations.every(({ rule }) => rule === 'team-7'));
  });
});

describe('the rules that are asked', () => {
  it('object in the order of the policy', async () => {
    const policy = await policyOf(
      { disallowedTags: { tags: ['latest'] } },
      ...Array.from({ length: 20 }, (_, index) => ({
        match: { images: [`docker.io/library/${index === 7 ? 'nginx' : `app-${index}`}`] },
        requiredDigest: {},
      })),
      { disallowedImages: { images: ['docker.io/library/nginx'] } },
      { match: { namespaces: ['team-a'] }, requiredDigest: {} },
    );
    assert.deepEqual(
      decide(reviewOf('nginx'), policy).violations.map(({ rule }) => rule),
      ['rule-1', 'rule-9', 'rule-22', 'rule-23'],
    );
  });

  it('are those of the namespace, also for an image that is remembered', async () => {
    const policy = await policyOf(
      { match: { namespaces: ['team-a'] }, requiredDigest: {} },
      { match: { namespaces: ['team-b'] }, disallowedTags: { tags: ['latest'] } },
      { exclude: { namespaces: ['team-a'], images: ['docker.io/library/*'] }, requireFullyQualified: {} },
      { exclude: { namespaces: ['team-*'], usages: ['initContainer'] }, disallowedTags: { tags: ['1'] } },
    );
    const rulesIn = (namespace: string, image: string): readonly (string | undefined)[] =>
      decide(reviewOf(image, { ...KNOWN, namespace }), policy).violations.map(({ rule }) => rule);
    for (let round = 0; round < 4; round += 1) {
      assert.deepEqual(rulesIn('team-a', 'nginx'), ['rule-1']);
      assert.deepEqual(rulesIn('team-b', 'nginx'), ['rule-2', 'rule-3']);
      assert.deepEqual(rulesIn('team-c', 'nginx'), ['rule-3']);
      assert.deepEqual(rulesIn('team-a', 'acme/app:1'), ['rule-1', 'rule-3', 'rule-4']);
    }
  });

  it('are found again after more groups of rules than are kept', async () => {
    const policy = await policyOf(
      ...Array.from({ length: 11 }, (_, bit) => ({
        match: { namespaces: [`*b${bit}x*`] },
        disallowedTags: { tags: ['latest'] },
      })),
    );
    for (let number = 0; number < 2 ** 11; number += 1) {
      const bits = Array.from({ length: 11 }, (_, bit) => bit).filter((bit) => (number >> bit) & 1);
      const namespace = bits.map((bit) => `b${bit}x`).join('-');
      const { violations } = decide(reviewOf('nginx', { ...KNOWN, namespace }), policy);
      assert.equal(violations.length, bits.length, namespace);
    }
  });
});
