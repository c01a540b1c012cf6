import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { reviewOf } from '#test/bare-reviews.ts';
import { policyDocument, policyOf, type NamelessRule } from '#test/policies.ts';
import { RULE_EXAMPLES } from '#test/rule-examples.ts';
import { decide } from '#test/verdicts.ts';
import { renderDenial } from '../admission/message.ts';
import { decodePolicy, PolicyProblemsError } from './decode.ts';
import { defaultPolicyDocument } from './default-policy.ts';
import { RULE_KINDS } from './rules/index.ts';
import type { PolicyDocument } from './schema.ts';

const NO_LATEST: NamelessRule = { name: 'no-latest', disallowedTags: { tags: ['latest'] } };

/** The message of the violation if a policy of one rule refuses `image`, in a language. */
async function said(rule: NamelessRule, language?: string): Promise<string | undefined> {
  const policy = await decodePolicy(policyDocument([rule]), language);
  return decide(reviewOf('nginx'), policy).violations[0]?.message;
}

describe('the message of a rule', () => {
  it('flip: message is the first part of a denial', async () => {
    const policy = await policyOf({ ...NO_LATEST, message: 'no floating tags here' });
    assert.match(renderDenial(decide(reviewOf('nginx'), policy)), /^no floating tags here: nginx: /);
    assert.match(renderDenial(decide(reviewOf('nginx'), await policyOf(NO_LATEST))), /^nginx: /);
  });

  const words = {
    ...NO_LATEST,
    message: 'plain',
    messages: { zh: '中文', 'pt-BR': 'brasileiro', 'zh-TW': '臺灣' },
  };
  const table: readonly (readonly [language: string | undefined, message: string])[] = [
    [undefined, 'plain'],
    ['zh', '中文'],
    ['ZH', '中文'],
    ['zh-CN', '中文'],
    ['zh-tw', '臺灣'],
    ['pt-BR', 'brasileiro'],
    ['pt', 'plain'],
    ['de', 'plain'],
    ['__proto__', 'plain'],
    ['constructor', 'plain'],
    ['', 'plain'],
  ];
  for (const [language, message] of table) {
    it(`flip: messages and language ${JSON.stringify(language)} choose "${message}"`, async () => {
      assert.equal(await said(words, language), message);
    });
  }

  it('is missing if the rule has it only in another language', async () => {
    assert.equal(await said({ ...NO_LATEST, messages: { zh: '中文' } }, 'de'), undefined);
    assert.equal(await said({ ...NO_LATEST, messages: { zh: '中文' } }), undefined);
  });
});

test('every kind of rule has an example in test/support/rule-examples.ts', () => {
  assert.deepEqual(Object.keys(RULE_EXAMPLES).toSorted(), Object.keys(RULE_KINDS).toSorted());
});

for (const [key, examples] of Object.entries(RULE_EXAMPLES)) {
  for (const { rule, refuses, admits } of examples) {
    test(`flip: ${JSON.stringify(rule)} in a policy refuses ${refuses} and admits ${admits}`, async () => {
      const policy = await policyOf(rule);
      assert.equal(policy.rules[0]?.kind, key);
      assert.equal(decide(reviewOf(refuses), policy).outcome, 'refused');
      assert.equal(decide(reviewOf(admits), policy).outcome, 'admitted');
    });
  }
}

test('flip: disallowedTags.tags refuses the listed tags and admits others', async () => {
  const policy = await policyOf({ disallowedTags: { tags: ['dev'] } });
  assert.equal(decide(reviewOf('nginx:latest'), policy).outcome, 'admitted');
  assert.equal(decide(reviewOf('nginx:dev'), policy).outcome, 'refused');
});

test('each kind of rule is listed under its own key', () => {
  for (const [key, kind] of Object.entries(RULE_KINDS)) assert.equal(kind.key, key);
});

test('the name of a policy is kept', async () => {
  const policy = await policyOf(NO_LATEST);
  assert.equal(policy.identity.name, 'test');
});

describe('the revision of a policy', () => {
  const document = policyDocument([{ ...NO_LATEST, match: { images: ['ghcr.io/**'] } }]);
  const revisionOf = async (changed: PolicyDocument): Promise<string> =>
    (await decodePolicy(changed)).identity.revision;

  it('is twelve hexadecimal digits, which do not depend on the order of the keys', async () => {
    const { spec, metadata, ...rest } = document;
    const turned = { spec: { rules: spec.rules, unmatchedImages: spec.unmatchedImages }, metadata, ...rest };
    assert.match(await revisionOf(document), /^[0-9a-f]{12}$/);
    assert.equal(await revisionOf(turned), await revisionOf(document));
  });

  it('changes if the meaning of the policy changes', async () => {
    const { spec } = document;
    const changes: readonly Partial<PolicyDocument['spec']>[] = [
      { unmatchedImages: 'Deny' },
      { validationActions: ['Warn'] },
      { rules: [{ name: 'no-latest', disallowedTags: { tags: ['dev'] } }] },
      { rules: [{ name: 'other', disallowedTags: { tags: ['latest'] } }] },
      { rules: [...spec.rules, { name: 'pinned', requiredDigest: {} }] },
    ];
    const revisions = await Promise.all(
      changes.map((change) => revisionOf({ ...document, spec: { ...spec, ...change } })),
    );
    assert.equal(new Set([...revisions, await revisionOf(document)]).size, changes.length + 1);
  });
});

test('one error names all rules that are wrong', async () => {
  const document = policyDocument([
    { name: 'a', allowedImages: { images: ['nginx'] } },
    { name: 'b', requiredDigest: {} },
    { name: 'b', allowedTags: { semver: '*' } },
    { name: 'c' },
  ]);
  await assert.rejects(decodePolicy(document), (error) => {
    assert.ok(error instanceof PolicyProblemsError);
    assert.deepEqual(
      error.problems.map(({ path }) => path.join('.')),
      [
        'spec.rules.0.allowedImages.images.0',
        'spec.rules.2.name',
        'spec.rules.2.allowedTags.semver',
        'spec.rules.3',
      ],
    );
    return true;
  });
});

describe('the default policy', () => {
  it('refuses the tag latest, with the message of the Go program and of the tutorial', async () => {
    const document = defaultPolicyDocument([]);
    for (const [language, words] of [
      [undefined, 'Images using latest tag are not allowed'],
      ['zh', '检查镜像失败!镜像标签不允许使用latest!'],
    ] as const) {
      const decision = decide(reviewOf('nginx'), await decodePolicy(document, language));
      assert.equal(decision.outcome, 'refused');
      assert.ok(renderDenial(decision).startsWith(words));
    }
    assert.equal(decide(reviewOf('nginx:1'), await decodePolicy(document)).outcome, 'admitted');
  });

  it('with registries admits images of these registries only', async () => {
    const policy = await decodePolicy(defaultPolicyDocument(['registry.example.com:5000', 'docker.io']));
    for (const [image, outcome] of [
      ['registry.example.com:5000/a/b:1', 'admitted'],
      ['nginx:1', 'admitted'],
      ['registry.example.com/a/b:1', 'refused'],
      ['registry.example.com.evil.io:5000/a:1', 'refused'],
      ['ghcr.io/registry.example.com:1', 'refused'],
      ['nginx', 'refused'],
    ] as const) {
      assert.equal(decide(reviewOf(image), policy).outcome, outcome, image);
    }
  });
});
