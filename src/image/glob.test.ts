import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { matchesGlob } from './glob.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

describe('a glob', () => {
  test('without stars is the text', () => {
    assert.equal(matches('a/b', 'a/b'), true);
    for (const text of ['a', 'a/b/c', 'a/bb', 'aa/b', '', 'a/', '/a/b', 'b/a'])
      assert.equal(matches('a/b', text), false, text);
  });

  test('with one star takes any run of one segment, also none', () => {
    for (const text of ['ab', 'axb', 'abab']) assert.equal(matches('a*b', text), true, text);
    for (const text of ['a', 'b', 'a/b', 'abx', 'xab']) assert.equal(matches('a*b', text), false, text);
    assert.equal(matches('*', 'a/b'), false);
  });

  test('with two stars takes one or more segments', () => {
    for (const text of ['a/b', 'a/b/c']) assert.equal(matches('a/**', text), true, text);
    for (const text of ['a', 'ab', 'b/a']) assert.equal(matches('a/**', text), false, text);
    assert.equal(matches('**/**', 'a'), false);
    assert.equal(matches('**/**', 'a/b'), true);
  });

  test('agrees with the regular expression that it stands for', () => {
    const glob = fc
      .array(fc.oneof(fc.constant('**'), word('ab*')), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/'));
    const text = fc.array(word('ab'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    try {
      fc.assert(
        fc.property(glob, text, (glob, text) => matches(glob, text) === expression(glob).test(text)),
        { seed: SEED, numRuns: 20_000 },
      );
    } catch (cause) {
      throw new Error(`repeat: FUZZ_SEED=${SEED} npm test`, { cause });
    }
  });

  test('C06 does not explode where a glob made into a regular expression does', () => {
    const started = performance.now();
    assert.equal(matches(`${'*a'.repeat(16)}b`, 'a'.repeat(1000)), false);
    assert.equal(matches(`${'**/a/'.repeat(16)}b`, Array.from({ length: 500 }, () => 'a').join('/')), false);
    assert.ok(performance.now() - started < 50);
  });
});

function matches(glob: string, text: string): boolean {
  return matchesGlob(glob.split('/'), text, '/');
}

/** Words of the letters; never `**` or more, which a segment of a pattern has alone or not at all. */
function word(letters: string): fc.Arbitrary<string> {
  return fc
    .string({ unit: fc.constantFrom(...letters.split('')), minLength: 1, maxLength: 5 })
    .map((text) => text.replaceAll(/\*+/g, '*'));
}

function expression(glob: string): RegExp {
  const segments = glob
    .split('/')
    .map((segment) => (segment === '**' ? '[^/]+(?:/[^/]+)*' : segment.replaceAll('*', '[^/]*')));
  return new RegExp(`^${segments.join('/')}$`);
}
