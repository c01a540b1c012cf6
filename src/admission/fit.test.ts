import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inEnglish } from '../language/catalogue.ts';
import type { Shown } from '../language/phrase.ts';
import { cutToBytes, cutToCharacters, joinWithin } from './fit.ts';

function shown(text: string): Shown {
  return text as Shown;
}

function join(limit: number, ...texts: readonly string[]): string {
  return joinWithin(texts, shown, 'words.next-place', limit, inEnglish).text;
}

/** Bytes that are reserved for `" and 999999 more"` if there are two or more texts. */
const COUNT = ' and 999999 more'.length;

describe('texts within a limit', () => {
  it('are empty without texts; a single text may use all bytes', () => {
    assert.equal(join(10), '');
    assert.equal(join(10, '0123456789'), '0123456789');
    assert.equal(join(10, '0123456789a'), '0123456...');
  });

  it('K01 are joined as long as the next text and the number of the remaining texts fit', () => {
    assert.equal(join(8 + COUNT, 'aaa', 'bbb'), 'aaa, bbb');
    assert.equal(join(3 + COUNT, 'aaa', 'b'.repeat(14)), `aaa, ${'b'.repeat(14)}`, 'no number is needed');
    assert.equal(join(3 + COUNT, 'aaa', 'b'.repeat(15)), 'aaa and 1 more');
    assert.equal(join(13 + COUNT, 'aaa', 'bbb', 'ccc', 'd'.repeat(15)), 'aaa, bbb, ccc and 1 more');
    assert.equal(join(12 + COUNT, 'aaa', 'bbb', 'ccc', 'd'.repeat(15)), 'aaa, bbb and 2 more');
  });

  it('K01 end before the first text that does not fit, even if a later one would fit', () => {
    assert.equal(join(8 + COUNT, 'aaa', 'b'.repeat(99), 'ccc'), 'aaa and 2 more');
  });

  it('K01 start with the first one, cut if necessary, and count the others', () => {
    assert.equal(join(10 + COUNT, 'a'.repeat(11), 'b'.repeat(15)), `${'a'.repeat(7)}... and 1 more`);
    assert.equal(join(10 + COUNT, 'a'.repeat(10), 'b'.repeat(15)), `${'a'.repeat(10)} and 1 more`);
  });

  it('K01 are measured in bytes, not in characters', () => {
    assert.equal(join(6 + COUNT, '検検', 'b'.repeat(15)), '検検 and 1 more');
    assert.equal(join(9 + COUNT, '検検', 'b'), '検検, b');
  });
});

describe('a text that is cut to bytes', () => {
  it('K01 is not cut up to the limit', () => {
    for (const text of ['', 'a', 'aaaaaaaaa', '検検検', '\u{1f4a9}\u{1f4a9}a'])
      assert.equal(cutToBytes(shown(text), 9), text);
  });

  it('K01 ends between two characters of any number of bytes', () => {
    for (const character of ['a', '\u00e9', '検', '\u{1f4a9}']) {
      const bytes = Buffer.byteLength(character);
      for (let limit = 4; limit <= 30; limit += 1) {
        const cut = cutToBytes(shown(character.repeat(20)), limit);
        if (bytes * 20 <= limit) continue;
        const kept = Math.floor((limit - 3) / bytes);
        assert.equal(cut, `${character.repeat(kept)}...`, `${character} in ${limit}`);
      }
    }
  });
});

describe('a text that is cut to characters', () => {
  it('K02 is not cut up to the limit', () => {
    assert.equal(cutToCharacters(shown('検'.repeat(10)), 10), '検'.repeat(10));
    assert.equal(cutToCharacters(shown('検'.repeat(11)), 10), `${'検'.repeat(7)}...`);
  });

  it('K02 contains no half of a surrogate pair', () => {
    const text = shown('\u{1f4a9}'.repeat(6));
    assert.equal(cutToCharacters(text, 10), `${'\u{1f4a9}'.repeat(3)}...`);
    assert.equal(cutToCharacters(text, 11), `${'\u{1f4a9}'.repeat(4)}...`);
  });
});
