import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readManifestText } from './manifest-text.ts';
import { DocumentError } from './text-document.ts';
import { parseDocuments } from './yaml.ts';

describe('X13 a text that kubectl reads, because lines in quotes and brackets may begin anywhere', () => {
  const texts: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
    'double quotes, at the column of the key': ['a:\n  b: "c\n  d"\n', { a: { b: 'c d' } }],
    'double quotes, left of the key': ['a:\n- "b \\\n--c"\nd: e\n', { a: ['b --c'], d: 'e' }],
    'double quotes, with an empty line and a tab': ['a:\n  b: "c\n\n\td\ne"\n', { a: { b: 'c\nd e' } }],
    'single quotes': ["a:\n  b: 'c\n it''s\nd'\ne: f\n", { a: { b: "c it's d" }, e: 'f' }],
    'behind several indicators': ['- - - a: "b\nc"\n      d: e\n', [[[{ a: 'b c', d: 'e' }]]]],
    'a list in brackets': ['a:\n  b: [\n  c,\n d ]\ne: f\n', { a: { b: ['c', 'd'] }, e: 'f' }],
    'a map in braces': ['a:\n  b: {\nc: d, e: [\nf]\n}\n', { a: { b: { c: 'd', e: ['f'] } } }],
    'quotes in brackets': ['a: [b,\n"c\nd"]\n', { a: ['b', 'c d'] }],
  };
  for (const [what, [text, value]] of Object.entries(texts)) {
    it(what, () => {
      assert.deepEqual(
        parseDocuments(text, 'f').map((document) => document.value),
        [value],
      );
    });
  }

  it('with the places of the text as it is', () => {
    const [document] = parseDocuments('a:\n  b: "c\n  d"\n  e: [f,\n g]\nh: i\n', 'f');
    const places = [['a', 'b'], ['a', 'e'], ['a', 'e', 1], ['h']].map((path) => document?.positionOf(path));
    assert.deepEqual(places, ['2:3', '4:3', '5:2', '6:1']);
    assert.deepEqual(document?.locate(['a', 'b']), { line: 2, column: 3, endLine: 3, endColumn: 5 });
  });

  it('also in a file of several documents', async () => {
    const documents: unknown[] = [];
    for await (const document of readManifestText('a: "b\nc"\n---\nd: "e\nf"\n', 'f'))
      documents.push(document instanceof DocumentError ? document.message : document.value);
    assert.deepEqual(documents, [{ a: 'b c' }, { d: 'e f' }]);
  });
});

it('X13 a line elsewhere is never moved, and the first fault that remains is named', () => {
  for (const [text, error] of [
    ['a: "b\nc\n', /^f:3:1: Missing closing/],
    ['a:\n  b: c\n d: e\n', /^f:3:1: All mapping items must start at the same column/],
    ['a:\n  b: [c\nd: e\n', /^f:/],
    ['a: "b\n... c"\n', /^f:/],
    ['a: "b\nc"\nd: [-, e]\n', /^f:3:5: /],
    ['a: {b: "c\nd: e\n', /^f:/],
  ] as const)
    assert.throws(() => parseDocuments(text, 'f'), { message: error });
});
