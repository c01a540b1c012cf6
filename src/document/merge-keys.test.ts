import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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

describe('a merge below a key that it would replace for kubectl is refused where it stands', () => {
  const table: Readonly<Record<string, readonly [text: string, place: string]>> = {
    'through an alias': ['x: &x {image: a}\nz:\n  image: b\n  <<: *x\n', '4:3'],
    'written out': ['image: b\n<<: {image: a}\n', '2:1'],
    'in braces': ['{image: b, <<: {image: a}}', '1:12'],
    'with an anchor': ['image: b\n&m <<: {image: a}\n', '2:4'],
    'in a list of maps': ['x: &x {image: a}\nz:\n  image: b\n  <<: [{k: 1}, *x]\n', '4:3'],
    'through a merge in what is merged': ['x: &x {image: a}\nz:\n  image: b\n  <<: {<<: *x}\n', '4:3'],
    'with the key in other quotes': ['"image": b\n<<: {\'image\': a}\n', '2:1'],
    'with a number for a key': ['"1": b\n<<: {1: a}\n', '2:1'],
    'inside what is merged': ['a:\n  <<: {image: b, <<: {image: a}}\n', '2:18'],
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

  it('with what to do about it', () =>
    assert.equal(
      failureOf('image: b\n<<: {image: a}\n'),
      'f:2:1: this merge replaces the key "image" above it for kubectl, and not for other readers (move << to the top, or leave the key out)',
    ));
});

describe('a merge that every reader takes for the same is read', () => {
  const table: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
    'above the key': ['<<: {image: a}\nimage: b\n', { image: 'b' }],
    'below other keys': ['k: 1\n<<: {image: a}\n', { k: 1, image: 'a' }],
    'of maps of which the first wins': ['<<: [{image: a}, {image: b, k: 1}]\n', { image: 'a', k: 1 }],
    'of a map that merges another': ['<<: {<<: {image: a}, image: b}\n', { image: 'b' }],
    'of nothing': ['k: 1\n<<: {}\n', { k: 1 }],
    'quoted, which makes it text': ['k: 1\n"<<": {k: 2}\n', { k: 1, '<<': { k: 2 } }],
  };
  for (const [title, [text, value]] of Object.entries(table)) {
    it(title, () => assert.deepEqual(valueOf(text), value));
  }

  it('and is a key like any other where nobody merges', () =>
    assert.deepEqual(parseDocuments('k: 1\n<<: {k: 2}\n', 'f')[0]?.value, { k: 1, '<<': { k: 2 } }));
});

describe('a tag on << is refused, for readers disagree whether it is still a merge', () => {
  for (const key of ['!!str <<', '! <<', '! "<<"', '!!merge <<', '!!merge "<<"', "!!str '<<'"]) {
    it(key, () =>
      assert.equal(
        failureOf(`a:\n  ${key}: {image: a}\n`),
        `f:2:${3 + key.search(/\S+$/)}: "<<" has a tag, and is a merge to some readers only (leave the tag out)`,
      ),
    );
  }
});

describe('merges that multiply take no time', () => {
  const layers = (top: string, width: number): string =>
    Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} {${merges(i, width)}}\n`).reduce(
      (text, line) => text + line,
      top,
    );
  const merges = (i: number, width: number): string => `<<: [${Array(width).fill(`*a${i}`).join(', ')}]`;

  it('with keys, and with none', { timeout: 5000 }, () => {
    for (const top of ['a0: &a0 {k: 1}\n', 'a0: &a0 {}\n'])
      assert.match(
        failureOf(layers(top, 3)),
        /: the merges bring in too many keys \(write out what they stand for\)$/,
      );
  });

  it('in six hundred of them, one in the other', { timeout: 5000 }, () => {
    const keys = Array.from({ length: 2000 }, (_, i) => `k${i}: 1`).join(', ');
    const nested = `${'{<<: '.repeat(600)}{${keys}}${'}'.repeat(600)}`;
    assert.match(failureOf(nested), /: the merges bring in too many keys/);
  });
});
