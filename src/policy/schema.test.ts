import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conforms, type JsonSchema } from '#test/json-schema.ts';
import { policyDocument } from '#test/policies.ts';
import { defaultPolicyDocument } from './default-policy.ts';
import { policySchema, renderPolicySchema } from './schema.ts';

const schema = renderPolicySchema() as JsonSchema;
const GOOD = policyDocument([{ name: 'a', requiredDigest: {} }]);

/** The policy with its one rule changed. */
function withRule(changes: Readonly<Record<string, unknown>>): unknown {
  return { ...GOOD, spec: { ...GOOD.spec, rules: [{ name: 'a', requiredDigest: {}, ...changes }] } };
}

describe('the JSON Schema of a policy', () => {
  it('is one, of 2020-12, with a title', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
    assert.equal(schema['title'], 'ImageAdmissionPolicy');
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
  });

  it('is a structural one: every list and map says what it holds, and no key is left open', () => {
    const open: string[] = [];
    const visit = (part: JsonSchema, path: string): void => {
      if (part['type'] === 'object' && part['additionalProperties'] === undefined) open.push(path);
      if (part['type'] === 'array' && part['items'] === undefined) open.push(path);
      for (const [key, inner] of Object.entries(part)) {
        if (typeof inner === 'object' && inner !== null) visit(inner as JsonSchema, `${path}/${key}`);
      }
    };
    visit(schema, '');
    assert.deepEqual(open, []);
  });

  const GOOD_ONES: Readonly<Record<string, unknown>> = {
    'the shortest policy': GOOD,
    'the default policy': defaultPolicyDocument(['ghcr.io']),
    'a rule with everything': withRule({
      match: {
        images: ['ghcr.io/**'],
        usages: ['container'],
        resources: ['pods'],
        namespaces: ['a-*'],
        users: ['b'],
        groups: ['c'],
      },
      exclude: { users: ['d'] },
      validationActions: ['Warn', 'Audit'],
      message: 'text',
      messages: { zh: '中文', 'pt-BR': 'texto' },
    }),
    'labels and annotations': {
      ...GOOD,
      metadata: { name: 'p', labels: { a: 'b' }, annotations: { 'c/d': 'e' } },
    },
  };
  for (const [what, document] of Object.entries(GOOD_ONES)) {
    it(`takes ${what}, as the loader does`, () => {
      assert.equal(policySchema.safeParse(document).success, true);
      assert.equal(conforms(document, schema), true);
    });
  }

  const BAD_ONES: Readonly<Record<string, unknown>> = {
    'another kind': { ...GOOD, kind: 'Pod' },
    'an unknown key': { ...GOOD, status: {} },
    'no unmatchedImages': { ...GOOD, spec: { rules: GOOD.spec.rules } },
    'no rules': { ...GOOD, spec: { ...GOOD.spec, rules: [] } },
    'an unknown key of a rule': withRule({ alow: {} }),
    'a bad name': withRule({ name: 'A' }),
    'an empty list': withRule({ match: { users: [] } }),
    'an unknown usage': withRule({ match: { usages: ['sidecar'] } }),
    'an unknown action': withRule({ validationActions: ['deny'] }),
    'a message of two lines': withRule({ message: 'a\nb' }),
    'a language that is none': withRule({ messages: { Chinese: 'a' } }),
    'a tag with a wildcard': withRule({ requiredDigest: undefined, disallowedTags: { tags: ['v*'] } }),
    'an empty tag list': withRule({ disallowedTags: { tags: [] } }),
    'text for a list': withRule({ validationActions: 'Deny' }),
  };
  for (const [what, document] of Object.entries(BAD_ONES)) {
    it(`refuses ${what}, as the loader does`, () => {
      assert.equal(policySchema.safeParse(document).success, false);
      assert.equal(conforms(JSON.parse(JSON.stringify(document)), schema), false);
    });
  }

  it('refuses a rule without a check, and one with two', () => {
    const none = { ...GOOD, spec: { ...GOOD.spec, rules: [{ name: 'a' }] } };
    assert.equal(conforms(none, schema), false);
    assert.equal(conforms(withRule({ requireFullyQualified: {} }), schema), false);
  });
});
