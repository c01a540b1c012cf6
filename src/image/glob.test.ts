import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { matchesGlob } from './glob.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

describe('a glob', () => {
  test('without stars matches the same text only', () => {
    assert.equal(matches('a/b', 'a/b'), true);
    for (const text of ['a', 'a/b/c', 'a/bb', 'aa/b', '', 'a/', '/a/b', 'b/a'])
      assert.equal(matches('a/b', text), false, text);
  });

  test('with one star matches any characters of one segment, also none', () => {
    for (const text of ['ab', 'axb', 'abab']) assert.equal(matches('a*b', text), true, text);
    for (const text of ['a', 'b', 'a/b', 'abx', 'xab']) assert.equal(matches('a*b', text), false, text);
    assert.equal(matches('*', 'a/b'), false);
  });

  test('with two stars matches one or more segments', () => {
    for (const text of ['a/b', 'a/b/c']) assert.equal(matches('a/**', text), true, text);
    for (const text of ['a', 'ab', 'b/a']) assert.equal(matches('a/**', text), false, text);
    assert.equal(matches('**/**', 'a'), false);
    assert.equal(matches('**/**', 'a/b'), true);
  });

  test('matches the same texts as the regular expression that it means', () => {
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

  test('C06 takes at most pattern × text steps', ({ mock }) => {
    const letters = 'bcdefghijklmnop'.split('');
    // Each letter is once in the text. Between the letters there is something for the stars to match.
    const stars = `${letters.map((letter) => `*${letter}`).join('')}z`;
    const line = letters.map((letter) => `aaaaa${letter}`).join('');
    const readCharacters = mock.method(String.prototype, 'charAt');
    assert.equal(matches(stars, line), false);
    const characters = readCharacters.mock.callCount();
    readCharacters.mock.restore();
    // A step reads one character of the pattern and one of the text.
    assert.ok(characters <= 2 * stars.length * line.length, `${characters}`);
    assert.ok(characters > line.length, 'the steps are counted');

    const segments = letters.flatMap((letter) => ['**', letter]);
    const path = letters.flatMap((letter) => ['a', 'a', 'a', letter]);
    const compareSegments = mock.method(String.prototype, 'startsWith');
    assert.equal(matchesGlob([...segments, 'z'], path.join('/'), '/'), false);
    const compared = compareSegments.mock.callCount();
    compareSegments.mock.restore();
    assert.ok(compared <= (segments.length + 1) * path.length, `${compared}`);
    assert.ok(compared > letters.length, 'the steps are counted');
  });
});

function matches(glob: string, text: string): boolean {
  return matchesGlob(glob.split('/'), text, '/');
}

/** Words of these letters. None has two stars in a row: a pattern has `**` only as a segment of its own. */
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
