import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as z from 'zod';
import { differences, type JsonSchema } from '#test/json-schema.ts';
import { policyDocument } from '#test/policies.ts';
import { defaultPolicyDocument } from './default-policy.ts';
import { policySchema, renderPolicySchema } from './schema.ts';

const schema = renderPolicySchema() as JsonSchema;
const GOOD = policyDocument([{ name: 'a', requiredDigest: {} }]);

/** A valid policy with changes of its only rule. */
function withRule(changes: Readonly<Record<string, unknown>>): unknown {
  return { ...GOOD, spec: { ...GOOD.spec, rules: [{ name: 'a', requiredDigest: {}, ...changes }] } };
}

describe('the JSON Schema of a policy', () => {
  it('is a JSON Schema of 2020-12, with a title', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
    assert.equal(schema['title'], 'ImageAdmissionPolicy');
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
  });

  it('is structural: each list and map has a schema of its content, and no other keys are allowed', () => {
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
    'a rule with all fields': withRule({
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
    it(`accepts ${what}, like the loader`, () => {
      assert.equal(policySchema.safeParse(document).success, true);
      assert.deepEqual(differences(document, schema), []);
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
    'an invalid language': withRule({ messages: { Chinese: 'a' } }),
    'a tag with a wildcard': withRule({ requiredDigest: undefined, disallowedTags: { tags: ['v*'] } }),
    'an empty tag list': withRule({ disallowedTags: { tags: [] } }),
    'text in place of a list': withRule({ validationActions: 'Deny' }),
  };
  for (const [what, document] of Object.entries(BAD_ONES)) {
    it(`refuses ${what}, like the loader`, () => {
      assert.equal(policySchema.safeParse(document).success, false);
      assert.notDeepEqual(differences(JSON.parse(JSON.stringify(document)), schema), []);
    });
  }

  it('refuses a rule without a check and a rule with two checks', () => {
    const none = { ...GOOD, spec: { ...GOOD.spec, rules: [{ name: 'a' }] } };
    assert.notDeepEqual(differences(none, schema), []);
    assert.notDeepEqual(differences(withRule({ requireFullyQualified: {} }), schema), []);
  });
});

/** One parameter of each type that zod can describe. So a new rule needs no change of `test/support`. */
const PARAMETERS = z.strictObject({
  length: z.int().min(1).max(128).optional(),
  ratio: z.number().gt(0).lt(1).optional(),
  step: z.number().multipleOf(5).optional(),
  flag: z.boolean().nullable().optional(),
  either: z.union([z.string().startsWith('a').max(3), z.int()]).optional(),
  pair: z.tuple([z.string(), z.int()]).optional(),
  counts: z.record(z.string().max(2), z.int()).optional(),
  choice: z.literal(['a', 1]).default('a'),
  time: z.iso.datetime().optional(),
});

describe('the JSON Schema validator of the tests agrees with zod about', () => {
  const table: Readonly<Record<string, readonly unknown[]>> = {
    length: [1, 128, 0, 129, 1.5, '1', null],
    ratio: [0.5, 0, 1, -1],
    step: [0, 10, -5, 7],
    flag: [true, null, 'true', 0],
    either: ['abc', 7, 'b', 'abcd', 1.5],
    pair: [['a', 1], ['a'], ['a', 1, 2], [1, 'a']],
    counts: [{}, { a: 1 }, { abc: 1 }, { a: 'b' }],
    choice: ['a', 1, 'b', '1'],
    time: ['2026-01-01T00:00:00Z', '2026-01-01', '2026-13-01T00:00:00Z'],
    other: [1],
  };
  const rendered = z.toJSONSchema(PARAMETERS, { io: 'input' });
  for (const [key, values] of Object.entries(table)) {
    for (const value of values) {
      it(`${key}: ${JSON.stringify(value)}`, () => {
        const found = differences({ [key]: value }, rendered);
        assert.equal(found.length === 0, PARAMETERS.safeParse({ [key]: value }).success, found.join('\n'));
      });
    }
  }

  it('names the place, the keyword and the value of each difference', () => {
    assert.deepEqual(differences({ length: 129, counts: { a: 'b' }, other: 1 }, rendered), [
      '/length: maximum 128 does not allow 129',
      '/counts/a: type "integer" does not allow "b"',
      '/other: is not in the schema',
    ]);
  });
});
