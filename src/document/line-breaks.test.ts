import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DocumentError, parseDocuments } from './yaml.ts';

function failureOf(text: string): string {
  try {
    parseDocuments(text, 'f');
  } catch (error) {
    assert.ok(error instanceof DocumentError, String(error));
    return error.message;
  }
  return assert.fail('it was read');
}

describe('a character that ends a line only for kubectl is refused at any place', () => {
  const TEXTS: Readonly<Record<string, readonly [before: string, after: string, place: string]>> = {
    'in a comment': ['a: 1\n# c', 'b: 2\n', '2:4'],
    'between a key and its value': ['a:', '1\n', '1:3'],
    'in a plain text': ['a: x', 'y\n', '1:5'],
    'in quotes': ['a: "x', 'y"\n', '1:6'],
    'in a block of text': ['a: |\n  x', 'y\n', '2:4'],
    'in JSON': ['{"a": "x', 'y"}', '1:9'],
    'in the second document': ['a: 1\n---\nb: ', '\n', '3:4'],
    'at the start': ['', 'a: 1\n', '1:1'],
    'at the end': ['a: 1', '', '1:5'],
  };
  for (const character of ['\u0085', '\u2028', '\u2029', '\r']) {
    const name = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    for (const [title, [before, after, place]] of Object.entries(TEXTS)) {
      // At the end of a line a CR belongs to it.
      if (character === '\r' && after.startsWith('\n')) continue;
      it(`${name} ${title}`, () =>
        assert.ok(
          failureOf(`${before}${character}${after}`).startsWith(
            `f:${place}: character ${name} ends a line for kubectl, but not in YAML 1.2 (`,
          ),
        ));
    }
  }

  it('is accepted as an escape in quotes', () => {
    assert.deepEqual(parseDocuments('a: "\\u2028\\u2029\\N\\L\\P\\r\\uFEFF"\n', 'f')[0]?.value, {
      a: '\u2028\u2029\u0085\u2028\u2029\r\uFEFF',
    });
  });

  it('lines may end with CR and LF', () =>
    assert.deepEqual(parseDocuments('a: 1\r\n# c\r\nb: |\r\n  x\r\n', 'f')[0]?.value, { a: 1, b: 'x\n' }));
});

describe('a byte order mark', () => {
  it('may be at the start of a file', () =>
    assert.deepEqual(parseDocuments('\uFEFFa: 1\n', 'f')[0]?.value, { a: 1 }));

  it('is a letter within a line', () =>
    assert.deepEqual(parseDocuments('{"a": "x\uFEFF"}', 'f')[0]?.value, { a: 'x\uFEFF' }));

  for (const [text, place] of [
    ['a: 1\n---\n\uFEFFb: 2\n', '3:1'],
    ['\uFEFFa: 1\n\uFEFFb: 2\n', '2:1'],
    ['a: |\n  x\n\uFEFF\n', '3:1'],
  ] as const) {
    it(`is refused at the start of another line: ${JSON.stringify(text)}`, () =>
      assert.equal(
        failureOf(text),
        `f:${place}: character U+FEFF is a byte order mark, which belongs at the start of a file (remove it)`,
      ));
  }
});

describe('a line that separates documents only for kubectl is refused', () => {
  for (const line of ['---#', '---# x', '---\u00A0', '--- \u00A0', '---\t\u3000 # x', '---\f', '--- \v']) {
    it(JSON.stringify(line), () =>
      assert.equal(
        failureOf(`text\n${line}\n{"a":1}\n`),
        'f:2:1: this line separates documents for kubectl, but not in YAML 1.2 (remove the text after ---)',
      ),
    );
  }

  it('a line that separates documents for all readers is accepted', () => {
    const lines = ['---', '--- ', '---\t', '--- # x', '---\t# \u00A0', '---\r'];
    for (const line of lines) assert.equal(parseDocuments(`a: 1\n${line}\nb: 2\n`, 'f').length, 2, line);
    assert.equal(parseDocuments('a: "x\n  ---#\n  y"\n# ---#\nb: |\n  ---\u00A0\n', 'f').length, 1);
  });
});

describe('a Unicode space at the start of the text, which kubectl trims, is refused', () => {
  for (const text of ['\u00A0{"a":1}', '\n \u3000{"a":1}', '\va: 1', '\u00A0text']) {
    it(JSON.stringify(text), () =>
      assert.match(
        failureOf(text),
        /: the text begins with a space character that YAML 1\.2 does not know \(remove it\)$/,
      ),
    );
  }

  it('is text at another place', () =>
    assert.deepEqual(parseDocuments(' \na: \u00A0x\n', 'f')[0]?.value, { a: '\u00A0x' }));
});
