import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { DocumentError, parseDocuments, type DocumentOptions, type TextDocument } from './yaml.ts';

/** The only document of a text. */
function open(text: string, options?: DocumentOptions): TextDocument {
  const [document, ...others] = parseDocuments(text, 'file.yaml', options);
  assert.ok(document !== undefined && others.length === 0, 'one document');
  return document;
}

function failureOf(text: string, options?: DocumentOptions): string {
  try {
    parseDocuments(text, 'file.yaml', options);
  } catch (error) {
    assert.ok(error instanceof DocumentError, String(error));
    assert.equal(error.code, 'DOCUMENT_SYNTAX');
    return error.message;
  }
  return assert.fail('it was read');
}

describe('positions', () => {
  const YAML = '# head\nspec:\n  containers:\n  - name: a\n    image: x\n  - {name: b, image: y}\n';
  const table: readonly (readonly [readonly (string | number)[], string])[] = [
    [[], '2:1'],
    [['spec'], '2:1'],
    [['spec', 'containers'], '3:3'],
    [['spec', 'containers', 0], '4:5'],
    [['spec', 'containers', 0, 'image'], '5:5'],
    [['spec', 'containers', 1], '6:5'],
    [['spec', 'containers', 1, 'image'], '6:15'],
    // The document does not have the whole path: the last part that it has.
    [['spec', 'initContainers', 0, 'image'], '2:1'],
    [['spec', 'containers', 7, 'image'], '3:3'],
    [['spec', 'containers', 1, 'image', 'deeper'], '6:15'],
    [['spec', 'containers', 'name'], '3:3'],
    [['constructor'], '2:1'],
  ];
  for (const [path, position] of table) {
    it(`${JSON.stringify(path)} is at ${position}`, () =>
      assert.equal(open(YAML).positionOf(path), position));
  }

  it('are found in JSON too, also after tabs', () => {
    const document = open('{\n\t"a": [1,\n\t\t{"b": 2}\n\t]\n}\n');
    assert.deepEqual(document.value, { a: [1, { b: 2 }] });
    assert.deepEqual(
      [document.positionOf(['a']), document.positionOf(['a', 1]), document.positionOf(['a', 1, 'b'])],
      ['2:2', '3:3', '3:4'],
    );
  });

  it('of parts of an alias are those of its anchor', () => {
    const document = open('base: &b\n  image: x\nuse: *b\nlist: [*b]\n');
    assert.equal(document.positionOf(['use']), '3:1');
    assert.equal(document.positionOf(['use', 'image']), '2:3');
    assert.equal(document.positionOf(['list', 0, 'image']), '2:3');
  });

  it('count from the start of the file, also in later documents', () => {
    const documents = parseDocuments('a: 1\n---\n# nothing\n---\n\nb: 2\n...\n---\nc: 3\n', 'file.yaml');
    assert.deepEqual(
      documents.map((document) => [document.value, document.positionOf([])]),
      [
        [{ a: 1 }, '1:1'],
        [{ b: 2 }, '6:1'],
        [{ c: 3 }, '9:1'],
      ],
    );
  });

  it('of numeric keys and of keys with quotes are found', () => {
    const document = open('"a b": 1\n8080: x\n');
    assert.deepEqual([document.positionOf(['a b']), document.positionOf(['8080'])], ['1:1', '2:1']);
  });
});

test('empty documents are left out', () => {
  for (const text of ['', '\n', '# comment', '---', '---\n---\n...\n', 'null', '~'])
    assert.deepEqual(parseDocuments(text, 'file.yaml'), [], JSON.stringify(text));
});

test('values are those of YAML 1.2, whatever version the text names', () => {
  const text = 'a: no\nb: 0777\nc: 1_000\nd: 2026-01-01\ne: 12:30:00\nf: true\ng: 0x1f\n';
  const value = { a: 'no', b: 777, c: '1_000', d: '2026-01-01', e: '12:30:00', f: true, g: 31 };
  for (const head of ['', '%YAML 1.2\n---\n', '%YAML 1.1\n---\n'])
    assert.deepEqual(open(head + text).value, value);
});

test('keys named like parts of JavaScript objects change no object', () => {
  const { value } = open('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}');
  assert.ok(Object.hasOwn(value as object, '__proto__'));
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

describe('merge keys', () => {
  const text = 'base: &b {a: 1, b: 2}\nuse:\n  <<: *b\n  b: 3\n';
  it('flip: mergeKeys reads them as kubectl does', () => {
    const merged = open(text, { mergeKeys: true });
    assert.deepEqual(merged.value, { base: { a: 1, b: 2 }, use: { a: 1, b: 3 } });
    assert.equal(merged.positionOf(['use', 'a']), '2:1', 'what came in has no place there');
    assert.deepEqual(open(text).value, { base: { a: 1, b: 2 }, use: { '<<': { a: 1, b: 2 }, b: 3 } });
  });

  it('do not change a prototype', () => {
    const { value } = open('a:\n  <<: {__proto__: {polluted: 1}}\n', { mergeKeys: true });
    assert.equal(Reflect.get((value as { a: object }).a, 'polluted'), undefined);
  });

  it('without a map are refused', () => {
    assert.match(
      failureOf('a:\n  <<: text\n', { mergeKeys: true }),
      /^file\.yaml:1:1: Merge sources must be maps or map aliases/,
    );
  });
});

describe('a text that kubectl and YAML 1.2 read differently is refused', () => {
  const table: Readonly<Record<string, string>> = {
    'a: 1\na: 2\n': 'file.yaml:2:1: key "a" occurs twice (keep one of them)',
    '{"a": 1, "a": 2}': 'file.yaml:1:10: key "a" occurs twice (keep one of them)',
    '1: a\n"1": b\n': 'file.yaml:2:1: key "1" occurs twice (keep one of them)',
    'a:\n  ? {b: 1}\n  : 2\n': 'file.yaml:2:5: a key is not plain text (write it as text)',
    'a: !!binary aGk=\n': 'file.yaml:1:4: Unresolved tag: tag:yaml.org,2002:binary (leave the tag out)',
    'a: !!timestamp 2026-01-01\n':
      'file.yaml:1:4: Unresolved tag: tag:yaml.org,2002:timestamp (leave the tag out)',
    'a: !!set {b, c}\n': 'file.yaml:1:4: Unresolved tag: tag:yaml.org,2002:set (leave the tag out)',
    '%YAML 9.9\n---\na: 1\n': 'file.yaml:1:7: Unsupported YAML version 9.9',
    'a: *b\n': 'file.yaml:1:4: there is no anchor "b" above (quote text that begins with "*")',
    'a: *b\nb: &b 1\n': 'file.yaml:1:4: there is no anchor "b" above (quote text that begins with "*")',
    'a: &a {b: *a}\n': 'file.yaml:1:11: alias "a" is inside its own anchor (write it out)',
    'a: [1\n':
      'file.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ] (give the parts of one list or map the same indentation)',
    'a: {?b: 1}\n': 'file.yaml:1:5: text in brackets begins with "?", so kubectl reads a key (quote it)',
    'a: [1, {b: ?c}]\n':
      'file.yaml:1:12: text in brackets begins with "?", so kubectl reads a key (quote it)',
    '[a, :b]': 'file.yaml:1:5: text in brackets begins with ":", so kubectl reads a key (quote it)',
    '{a: !!null, b}': 'file.yaml:1:11: a tag has no value (write the value, or leave the tag out)',
    '[!, b]': 'file.yaml:1:3: a tag has no value (write the value, or leave the tag out)',
    'a: {{ .Values.image }}\n': 'file.yaml:1:5: a key is not plain text (write it as text)',
    '---\na: 1\n---\nb: "x\n':
      'file.yaml:5:1: Missing closing "quote (close the bracket or the quote, or quote the text)',
  };
  for (const [text, message] of Object.entries(table)) {
    it(JSON.stringify(text), () => assert.equal(failureOf(text), message));
  }

  it('a question mark or a colon at another place is text', () =>
    assert.deepEqual(open('?a: :b\nc: ["?d", e?:f, \':g\']\n').value, {
      '?a': ':b',
      c: ['?d', 'e?:f', ':g'],
    }));

  it('no process warning is emitted', () => {
    const warnings: unknown[] = [];
    const listen = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', listen);
    failureOf('? [a]\n: 1\n');
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });
});

test('an anchor may be set again, and may have a hundred aliases', () => {
  assert.deepEqual(open('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').value, { a: 1, b: 1, c: 2, d: 2 });
  const many = Array.from({ length: 99 }, () => '*x').join(', ');
  assert.equal((open(`a: &x 1\nb: [${many}]\n`).value as { b: number[] }).b.length, 99);
  assert.match(failureOf(`a: &x 1\nb: [${many}, *x]\n`), /^file\.yaml:2:5: Excessive alias count/);
});
