import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocument, visit, type Alias, type Node, type YAMLMap } from 'yaml';
import { checkMerges, MAX_MERGED } from './merge-keys.ts';
import { DocumentError, parseDocuments } from './yaml.ts';

function valueOf(text: string): unknown {
  return parseDocuments(text, 'f', { mergeKeys: true })[0]?.value;
}

function failureOf(text: string): string {
  try {
    valueOf(text);
  } catch (error) {
    assert.ok(error instanceof DocumentError, String(error));
    return error.message;
  }
  return assert.fail('it was read');
}

describe('a merge that for kubectl would replace a key above it is refused, with its position', () => {
  const table: Readonly<Record<string, readonly [text: string, place: string]>> = {
    'through an alias': ['x: &x {image: a}\nz:\n  image: b\n  <<: *x\n', '4:3'],
    'written out': ['image: b\n<<: {image: a}\n', '2:1'],
    'in braces': ['{image: b, <<: {image: a}}', '1:12'],
    'with an anchor': ['image: b\n&m <<: {image: a}\n', '2:4'],
    'in a list of maps': ['x: &x {image: a}\nz:\n  image: b\n  <<: [{k: 1}, *x]\n', '4:3'],
    'through a merge in the merged map': ['x: &x {image: a}\nz:\n  image: b\n  <<: {<<: *x}\n', '4:3'],
    'with the key in other quotes': ['"image": b\n<<: {\'image\': a}\n', '2:1'],
    'with a number for a key': ['"1": b\n<<: {1: a}\n', '2:1'],
    'inside the merged map': ['a:\n  <<: {image: b, <<: {image: a}}\n', '2:18'],
    'in the second document': ['a: 1\n---\nimage: b\n<<: {image: a}\n', '4:1'],
    'at the anchor that is set last': ['x: &x {k: 1}\nw: &x {image: a}\nz:\n  image: b\n  <<: *x\n', '5:3'],
  };
  for (const [title, [text, place]] of Object.entries(table)) {
    it(title, () =>
      assert.match(
        failureOf(text),
        new RegExp(`^f:${place}: this merge replaces the key "(image|1)" above it`),
      ),
    );
  }

  it('the message says what to do', () =>
    assert.equal(
      failureOf('image: b\n<<: {image: a}\n'),
      'f:2:1: this merge replaces the key "image" above it for kubectl, but not for other readers (move << to the top, or leave the key out)',
    ));
});

describe('a merge that all readers read in the same way is accepted', () => {
  const table: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
    'above the key': ['<<: {image: a}\nimage: b\n', { image: 'b' }],
    'below other keys': ['k: 1\n<<: {image: a}\n', { k: 1, image: 'a' }],
    'of two maps, of which the first wins': ['<<: [{image: a}, {image: b, k: 1}]\n', { image: 'a', k: 1 }],
    'of a map that merges another': ['<<: {<<: {image: a}, image: b}\n', { image: 'b' }],
    'of nothing': ['k: 1\n<<: {}\n', { k: 1 }],
    'quoted, which makes it text': ['k: 1\n"<<": {k: 2}\n', { k: 1, '<<': { k: 2 } }],
  };
  for (const [title, [text, value]] of Object.entries(table)) {
    it(title, () => assert.deepEqual(valueOf(text), value));
  }

  it('without the option mergeKeys, << is a key like any other', () =>
    assert.deepEqual(parseDocuments('k: 1\n<<: {k: 2}\n', 'f')[0]?.value, { k: 1, '<<': { k: 2 } }));
});

describe('a tag on << is refused, because it is a merge only for some readers', () => {
  for (const key of ['!!str <<', '! <<', '! "<<"', '!!merge <<', '!!merge "<<"', "!!str '<<'"]) {
    it(key, () =>
      assert.equal(
        failureOf(`a:\n  ${key}: {image: a}\n`),
        `f:2:${3 + key.search(/\S+$/)}: "<<" has a tag, so it is a merge only for some readers (leave the tag out)`,
      ),
    );
  }
});

describe('merges that add more keys than the limit', () => {
  /** The refusal of the merges of a text; `undefined` if they are accepted. */
  const refusalOf = (text: string, maxMerged?: number): string | undefined => {
    const document = parseDocument(text, { merge: true });
    const maps: YAMLMap[] = [];
    const targets = new Map<Alias, Node>();
    visit(document, {
      Map: (_, map) => void maps.push(map),
      Alias: (_, alias) => void targets.set(alias, alias.resolve(document) ?? assert.fail(alias.source)),
    });
    try {
      checkMerges(maps, targets, (_, sentence, hint) => new Error(`${sentence} (${hint})`), maxMerged);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message;
    }
  };
  const REFUSAL = 'the merges add too many keys (write the keys in place of the merges)';

  it('are refused in layers of three, with and without keys', () => {
    const layers = [1, 2, 3]
      .map((i) => `a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}, *a${i - 1}]}\n`)
      .join('');
    for (const first of ['a0: &a0 {k: 1}\n', 'a0: &a0 {}\n']) {
      assert.equal(refusalOf(first + layers, 20), REFUSAL);
      assert.equal(refusalOf(first + layers, 200), undefined);
    }
  });

  it('are refused within each other', () => {
    const nested = `${'{<<: '.repeat(5)}{a: 1, b: 1, c: 1, d: 1}${'}'.repeat(5)}`;
    assert.equal(refusalOf(nested, 10), REFUSAL);
    assert.equal(refusalOf(nested, 100), undefined);
  });

  it('have a limit of a million by default', () => assert.equal(MAX_MERGED, 1_000_000));
});
