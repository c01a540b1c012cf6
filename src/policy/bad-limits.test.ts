import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyText, refusalOf, ruleText } from '#test/bad-policies.ts';
import { policyDocument } from '#test/policies.ts';
import type { JsonSchema } from '#test/json-schema.ts';
import { policySchema, renderPolicySchema } from './schema.ts';

/** A YAML list of `count` items. */
function many(count: number, item: (index: number) => string): string {
  return `[${Array.from({ length: count }, (_, index) => item(index)).join(', ')}]`;
}

/** The text of a policy with these custom resources. */
function customText(resources: string): string {
  return ruleText('requiredDigest: {}').replace('  rules:', `  customResources: ${resources}\n  rules:`);
}

const widget = (fields: string): string =>
  customText(`[{resource: widgets.example.com, kind: Widget, ${fields}}]`);

const LONG_NAME = 'a name has at most 253 characters';
const LONG_LIST = 'a list has at most 1000 items; write several rules';

describe('a value at a limit is accepted; a value above it is refused with its position and the limit', () => {
  for (const [what, least, text, said] of [
    [
      'a name',
      253,
      (count: number) => policyText(`  - {name: ${'a'.repeat(count)}, requiredDigest: {}}`),
      LONG_NAME,
    ],
    [
      'a user',
      253,
      (count: number) => ruleText(`match: {users: [${'a'.repeat(count)}]}`, 'requiredDigest: {}'),
      LONG_NAME,
    ],
    [
      'users',
      1000,
      (count: number) =>
        ruleText(`match: {users: ${many(count, (index) => `u${index}`)}}`, 'requiredDigest: {}'),
      LONG_LIST,
    ],
    [
      'tags',
      1000,
      (count: number) => ruleText(`disallowedTags: {tags: ${many(count, (index) => `v${index}`)}}`),
      LONG_LIST,
    ],
    [
      'images',
      1000,
      (count: number) => ruleText(`allowedImages: {images: ${many(count, (index) => `r.io/a${index}`)}}`),
      LONG_LIST,
    ],
    [
      'a range',
      256,
      (count: number) => ruleText(`allowedTags: {semver: ">=1.0.0${' '.repeat(count - 7)}"}`),
      'it has more than 256 characters; split it into several rules',
    ],
    [
      'rules',
      1000,
      (count: number) =>
        policyText(
          Array.from({ length: count }, (_, index) => `  - {name: r${index}, requiredDigest: {}}`).join('\n'),
        ),
      'a policy has at most 1000 rules',
    ],
    [
      'custom resources',
      100,
      (count: number) =>
        customText(
          many(
            count,
            (index) => `{resource: w${index}.shop.example.com, kind: W${index}, images: [{image: a}]}`,
          ),
        ),
      'a policy has at most 100 custom resources of its own',
    ],
    [
      'paths',
      100,
      (count: number) => widget(`images: ${many(count, (index) => `{image: a${index}}`)}`),
      'a kind has at most 100 paths',
    ],
    [
      'a kind',
      63,
      (count: number) =>
        customText(
          `[{resource: widgets.example.com, kind: W${'w'.repeat(count - 1)}, images: [{image: a}]}]`,
        ),
      'a kind has letters and digits only, begins with a capital and has at most 63 of them',
    ],
  ] as const) {
    it(`${what}: ${least}`, async () => {
      const refusal = await refusalOf(text(least + 1));
      assert.ok(refusal.endsWith(`: ${said}`), refusal);
      await assert.rejects(refusalOf(text(least)), /the policy was loaded/);
    });
  }

  for (const [what, text, said] of [
    ['no custom resource', customText('[]'), 'the list is empty; leave it out'],
    ['an empty path', widget('images: [{image: ""}]'), 'the path is empty'],
    ['no path', widget('images: []'), 'the list of images is empty; name at least one path'],
    [
      'a text in place of a map',
      ruleText('messages: none', 'requiredDigest: {}'),
      '"none" is not allowed here (write a map of text)',
    ],
  ] as const) {
    it(what, async () => {
      const refusal = await refusalOf(text);
      assert.ok(refusal.endsWith(`: ${said}`), refusal);
    });
  }
});

describe('text with a fixed form must have it from its first to its last character', () => {
  const takes = (rule: object): boolean =>
    policySchema.safeParse(policyDocument([{ name: 'a', requiredDigest: {}, ...rule }])).success;

  it('a name', () => {
    for (const name of ['a', '0', 'a-b', 'a.b', 'a--b.c-d', 'a.bb.c0', 'team-1.example'])
      assert.equal(takes({ name }), true, name);
    for (const name of [
      '',
      '-a',
      'a-',
      '.a',
      'a.',
      'a..b',
      'a.-b',
      'a.b-',
      'A',
      'a_b',
      'a b',
      'a\n',
      'a.B',
      'a. b',
    ])
      assert.equal(takes({ name }), false, name);
  });

  it('a language', () => {
    for (const language of ['zh', 'pt-BR', 'zh-Hant-TW', 'gsw'])
      assert.equal(takes({ messages: { [language]: 'x' } }), true);
    for (const language of ['', 'z', 'ZH', 'zh-', 'zh_CN', ' zh', 'zh ', 'zh-a', 'english'])
      assert.equal(takes({ messages: { [language]: 'x' } }), false, language);
  });

  it('a tag', () => {
    for (const tag of ['v1', '_', 'A.b-c', 'x'.repeat(128)])
      assert.equal(takes({ requiredDigest: undefined, disallowedTags: { tags: [tag] } }), true);
    for (const tag of ['', '-v', '.v', ' v', 'v ', 'v*', '*v', 'v\n', 'x'.repeat(129)])
      assert.equal(takes({ requiredDigest: undefined, disallowedTags: { tags: [tag] } }), false, tag);
  });

  it('the kind of a custom resource', () => {
    const takesKind = (kind: string): boolean => {
      const { spec, ...others } = policyDocument([{ name: 'a', requiredDigest: {} }]);
      const customResources = [{ resource: 'widgets.example.com', kind, images: [{ image: 'spec.image' }] }];
      return policySchema.safeParse({ ...others, spec: { ...spec, customResources } }).success;
    };
    for (const kind of ['W', 'Widget', 'HTTPRoute2']) assert.equal(takesKind(kind), true, kind);
    for (const kind of ['', 'widget', '2W', 'W-x', ' W', 'W ', 'aWidget', 'W\n'])
      assert.equal(takesKind(kind), false, kind);
  });
});

describe('the JSON Schema for editors', () => {
  const schema = renderPolicySchema() as JsonSchema;

  /** The schema at a path of properties and items. */
  function at(...path: readonly string[]): JsonSchema {
    return path.reduce<JsonSchema>((part, key) => {
      const inner = key === '[]' ? part['items'] : (part['properties'] as JsonSchema | undefined)?.[key];
      assert.ok(typeof inner === 'object' && inner !== null, path.join('.'));
      return inner as JsonSchema;
    }, schema);
  }

  it('describes each field of a rule, a selector and a custom resource in a sentence', () => {
    // The description of a list may be at its items or at its parent.
    const silent = new Set(['images', 'rules', 'tags']);
    const fields: [string, JsonSchema][] = [];
    const visit = (part: JsonSchema, path: readonly string[]): void => {
      if (path.length > 0 && path.at(-1) !== '[]') fields.push([path.join('.'), part]);
      if (typeof part['items'] === 'object') visit(part['items'] as JsonSchema, [...path, '[]']);
      for (const [key, inner] of Object.entries((part['properties'] ?? {}) as JsonSchema))
        visit(inner as JsonSchema, [...path, key]);
    };
    for (const key of ['unmatchedImages', 'customResources', 'rules']) visit(at('spec', key), [key]);
    const mute = fields.filter(
      ([path, part]) =>
        !silent.has(path.split('.').at(-1) ?? '') && !/^[A-Z].*\.$/.test(String(part['description'])),
    );
    assert.deepEqual(
      mute.map(([path]) => path),
      [],
    );
    assert.ok(fields.length > 30, String(fields.length));
  });

  it('requires exactly one check in a rule, and exactly one path in a source', () => {
    const required = (part: JsonSchema) => (part['oneOf'] as JsonSchema[]).map((one) => one['required']);
    assert.deepEqual(required(at('spec', 'customResources', '[]', 'images', '[]')), [['podSpec'], ['image']]);
    assert.ok(required(at('spec', 'rules', '[]')).length >= 6);
    assert.equal(at('spec')['oneOf'], undefined);
  });
});
