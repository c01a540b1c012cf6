import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { FIXED } from '#test/arbitraries.ts';
import { canMatchTag } from './tag-witness.ts';

describe('XH15 a pattern that no tag matches', () => {
  for (const pattern of [
    '^$',
    '',
    '()',
    'v1\n',
    'app:1.0',
    'a/b',
    '-.*',
    String.raw`\.1`,
    'a^b',
    'a$b',
    String.raw`a\bb`,
    String.raw`1\B-`,
    '[^\\x00-\\x7f]+',
    'a{129}',
    '[^\\w.-]',
  ])
    it(`XH15 ${JSON.stringify(pattern)}`, () => assert.equal(canMatchTag(RE2JS.compile(pattern)), false));
});

describe('XH15 a pattern that some tag matches', () => {
  for (const pattern of [
    '^v$',
    'a{128}',
    '(?i)SNAPSHOT|^$',
    String.raw`1\b-a`,
    String.raw`a\Bb`,
    '-?x',
    '(?m:^a$)',
    '(^|x)y',
    String.raw`.*-SNAPSHOT`,
    '[^a]',
    '(?s).',
    '\\Aa\\z',
  ])
    it(`XH15 ${JSON.stringify(pattern)}`, () => assert.equal(canMatchTag(RE2JS.compile(pattern)), true));
});

test('XH15 the search agrees with the engine about all short tags', () => {
  const letters = ['a', 'B', '_', '-', '.'];
  const longer = (some: readonly string[]): string[] =>
    some.flatMap((tag) => letters.map((letter) => tag + letter));
  const [one, two] = [['a', 'B', '_'], longer(['a', 'B', '_'])];
  const tags = [...one, ...two, ...longer(two)];
  const pieces = fc.constantFrom(
    'a',
    'B',
    '-',
    '[._]',
    '[^a]',
    ':',
    '.',
    '^',
    '$',
    '(a|-)',
    'a?',
    '-*',
    '(?i:b)',
    '_+',
    String.raw`\b`,
    String.raw`\B`,
    String.raw`\w`,
    String.raw`\W`,
    '|',
  );
  const patterns = fc.array(pieces, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
  const found = { some: 0, none: 0 };
  fc.assert(
    fc.property(patterns, (pattern) => {
      const compiled = RE2JS.compile(pattern);
      const isMatched = tags.some((tag) => compiled.matches(tag));
      found[isMatched ? 'some' : 'none'] += 1;
      if (isMatched) assert.ok(canMatchTag(compiled), pattern);
      // A pattern of five pieces that matches a tag matches one of at most five characters.
      else if (!pattern.includes('[^a]') && pattern.split('|').every((part) => part.length <= 3))
        assert.equal(canMatchTag(compiled), false, pattern);
    }),
    { ...FIXED, numRuns: 2000 },
  );
  assert.ok(found.some > 200 && found.none > 200, JSON.stringify(found));
});
