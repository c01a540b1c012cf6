import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import * as fc from 'fast-check';
import { type Edit, editDocument, editDocuments, EditError } from './edit.ts';
import { valueAt } from './json.ts';
import { renderYaml } from './render.ts';
import { parseDocuments } from './yaml.ts';

const POD = `# kept by hand
apiVersion: v1
spec:
  containers:
  - command:
    - kube-apiserver   # the program
    - --secure-port=6443
    - '--quoted=x'
    # the last word about flags
    name: kube-apiserver
    volumeMounts: []
  # the network of the node
  hostNetwork: true
status: {}
`;
const COMMAND = ['spec', 'containers', 0, 'command'] as const;

function change(text: string, ...edits: readonly Edit[]): string {
  return editDocument(text, 'file.yaml', edits);
}

/** The lines that only one of the texts has: `+new` and `-old`. */
function changedLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

describe('a part is set', () => {
  const table: Readonly<Record<string, readonly [Edit & { kind: 'set' }, readonly string[]]>> = {
    'in place of a scalar': [
      { kind: 'set', path: [...COMMAND, 1], value: '--secure-port=443' },
      ['-    - --secure-port=6443', '+    - --secure-port=443'],
    ],
    'in the quotes of the old value': [
      { kind: 'set', path: [...COMMAND, 2], value: "it's" },
      ["-    - '--quoted=x'", "+    - 'it''s'"],
    ],
    'before its comment, which stays': [
      { kind: 'set', path: [...COMMAND, 0], value: 'hyperkube' },
      ['-    - kube-apiserver   # the program', '+    - hyperkube   # the program'],
    ],
    'after the last item, before a comment': [
      { kind: 'set', path: [...COMMAND, 3], value: '--new' },
      ['+    - --new'],
    ],
    'in quotes if plain text would be read differently': [
      { kind: 'set', path: [...COMMAND, 3], value: 'a: b # c' },
      ['+    - "a: b # c"'],
    ],
    'in double quotes if it would end a line for some readers': [
      { kind: 'set', path: [...COMMAND, 2], value: 'a\u2028b' },
      ["-    - '--quoted=x'", '+    - "a\\u2028b"'],
    ],
    'in an empty list': [
      {
        kind: 'set',
        path: ['spec', 'containers', 0, 'volumeMounts', 0],
        value: { name: 'v', readOnly: true },
      },
      ['-    volumeMounts: []', '+    volumeMounts:', '+    - name: v', '+      readOnly: true'],
    ],
    'in a missing list': [
      { kind: 'set', path: ['spec', 'volumes', 0], value: { name: 'v', hostPath: { path: '/x' } } },
      ['+  volumes:', '+  - name: v', '+    hostPath:', '+      path: /x'],
    ],
    'in an empty map': [
      { kind: 'set', path: ['status', 'phase'], value: 'Running' },
      ['-status: {}', '+status:', '+  phase: Running'],
    ],
    'in place of another type': [
      { kind: 'set', path: ['spec', 'hostNetwork'], value: [1, { a: 2 }] },
      ['-  hostNetwork: true', '+  hostNetwork:', '+  - 1', '+  - a: 2'],
    ],
  };
  for (const [title, [edit, lines]] of Object.entries(table)) {
    it(title, () => assert.deepEqual(changedLines(POD, change(POD, edit)), lines));
  }

  it('but the text is unchanged if the value is the same', () =>
    assert.equal(change(POD, { kind: 'set', path: ['spec', 'hostNetwork'], value: true }), POD));

  it('in place of an empty value', () =>
    assert.equal(change('a:\nb: 1\n', { kind: 'set', path: ['a'], value: { c: 2 } }), 'a:\n  c: 2\nb: 1\n'));
});

describe('a part is removed', () => {
  const table: Readonly<Record<string, readonly [string, Edit['path'], string]>> = {
    item: ['a:\n- 1\n# of two\n- 2\n', ['a', 0], 'a:\n# of two\n- 2\n'],
    'last item': ['a:\n- 1\n- 2 # gone\nb: 1\n', ['a', 1], 'a:\n- 1\nb: 1\n'],
    'only item, with its list': ['a:\n- 1\nb: 1\n', ['a', 0], 'b: 1\n'],
    'only key of an item, with the item': ['a:\n- x: 1\n- y: 1\n', ['a', 0, 'x'], 'a:\n- y: 1\n'],
    'first key of an item': ['a:\n- x: 1\n  y: 2\n', ['a', 0, 'x'], 'a:\n- y: 2\n'],
    'map of several lines': ['a:\n  b:\n    c: 1\n  d: 2\n', ['a', 'b'], 'a:\n  d: 2\n'],
    'block of text': ['a:\n  b: |\n    c\n\n    d\n  e: 2\n', ['a', 'b'], 'a:\n  e: 2\n'],
    'item in brackets': ['a: [1, 2, 3]\n', ['a', 1], 'a: [1, 3]\n'],
    'last item in brackets': ['a: [1, 2, 3]\n', ['a', 2], 'a: [1, 2]\n'],
    'missing key': ['a: 1\n', ['b', 'c', 0], 'a: 1\n'],
  };
  for (const [title, [before, path, after]] of Object.entries(table)) {
    it(title, () => assert.equal(change(before, { kind: 'remove', path }), after));
  }
});

describe('JSON stays JSON', () => {
  it('on one line', () => {
    const text = change(
      '{"a": {"b": 1}, "l": []}',
      { kind: 'set', path: ['a', 'c'], value: { d: ['x, y: z', 2] } },
      { kind: 'set', path: ['l', 0], value: 1 },
      { kind: 'set', path: ['a', 'b'], value: 'text' },
    );
    assert.equal(text, '{"a": {"b": "text", "c": {"d": ["x, y: z", 2]}}, "l": [1]}');
    JSON.parse(text);
  });

  it('on several lines, with its own indentation', () => {
    const before = JSON.stringify({ a: { b: 1 }, l: [{ x: 1 }] }, null, '\t');
    const text = change(
      before,
      { kind: 'set', path: ['a', 'c'], value: { d: 1 } },
      { kind: 'set', path: ['l', 1], value: { x: 2 } },
    );
    assert.equal(text, JSON.stringify({ a: { b: 1, c: { d: 1 } }, l: [{ x: 1 }, { x: 2 }] }, null, '\t'));
    assert.equal(
      change(text, { kind: 'remove', path: ['a', 'c'] }, { kind: 'remove', path: ['l', 1] }).replaceAll(
        /\s/g,
        '',
      ),
      before.replaceAll(/\s/g, ''),
    );
  });
});

test('CRLF line ends and a last line without a line end are kept', () => {
  assert.equal(
    change('a:\r\n- b: 1\r\n', { kind: 'set', path: ['a', 1], value: { c: 1, d: 2 } }),
    'a:\r\n- b: 1\r\n- c: 1\r\n  d: 2\r\n',
  );
  assert.equal(change('a: 1', { kind: 'set', path: ['b'], value: 2 }), 'a: 1\nb: 2');
});

describe('a part that cannot be changed alone is refused with its position', () => {
  const table: Readonly<Record<string, readonly [string, Edit, string]>> = {
    'shared by an alias': ['x: &x\n  k: 1\ny: *x\n', { kind: 'set', path: ['x', 'k'], value: 2 }, '2:3'],
    'an alias': ['x: &x {k: 1}\ny: *x\n', { kind: 'set', path: ['y', 'k'], value: 2 }, '1:8'],
    'a second document': ['a: 1\n---\nb: 1\n', { kind: 'set', path: ['a'], value: 2 }, '3:1'],
    'no document': ['# nothing\n', { kind: 'set', path: ['a'], value: 2 }, '1:1'],
    'a scalar alone': ['text\n', { kind: 'set', path: ['a'], value: 2 }, '1:1'],
  };
  for (const [title, [text, edit, place]] of Object.entries(table)) {
    it(title, () =>
      assert.throws(
        () => change(text, edit),
        (error) =>
          error instanceof EditError &&
          error.code === 'DOCUMENT_NOT_EDITABLE' &&
          error.message.startsWith(`file.yaml:${place}: `),
      ),
    );
  }
});

describe('any document', () => {
  const key = fc.stringMatching(/^[a-z]{1,3}$/);
  const leaf = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('', 'x', '- a', 'a: b', '# no', '*', '1', 'null', 'two\nlines\n', "it's", '"', ' x '),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const object = fc.dictionary(key, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const edits = fc.array(fc.tuple(fc.boolean(), fc.nat(), value), { minLength: 1, maxLength: 4 });

  for (const [style, render] of [
    ['blocks', renderYaml],
    ['JSON', (root: unknown) => JSON.stringify(root, null, 2)],
  ] as const) {
    it(`parts of ${style} are set and removed, and the result has the expected value`, () => {
      fc.assert(
        fc.property(object, edits, (root, changes) => {
          let text = render(root);
          for (const [isRemoval, pick, inner] of changes) {
            const paths = pathsOf(parseDocuments(text, 'f')[0]?.value);
            const path = paths[pick % paths.length];
            if (path === undefined || (isRemoval && path.length === 1)) continue;
            // editDocument parses the result and compares it.
            text = change(text, isRemoval ? { kind: 'remove', path } : { kind: 'set', path, value: inner });
            if (!isRemoval) assert.deepEqual(valueAt(parseDocuments(text, 'f')[0]?.value, path), inner);
            if (style === 'JSON') JSON.parse(text);
          }
        }),
        { seed: 1, numRuns: 300 },
      );
    });
  }
});

/** The path of each part of a value, and of one new part of each map and list. */
function pathsOf(value: unknown, path: Edit['path'] = []): Edit['path'][] {
  if (typeof value !== 'object' || value === null) return [];
  const added = Array.isArray(value) ? value.length : 'new';
  return [
    [...path, added],
    ...Object.entries(value).flatMap(([name, inner]) => {
      const below: Edit['path'] = [...path, Array.isArray(value) ? Number(name) : name];
      return [below].concat(pathsOf(inner, below));
    }),
  ];
}

describe('one of several documents', () => {
  const TEXT = '# empty\n---\nnull\n---\na: 1 # first\n---\na: 1 # second\nb: [{c: 1}]\n---\na: 1\n';

  it('is changed, and the others stay as they are', () =>
    assert.equal(
      editDocuments(TEXT, 'f', [
        { kind: 'set', document: 1, path: ['a'], value: 2 },
        { kind: 'set', document: 1, path: ['b', 0, 'c'], value: 3 },
        { kind: 'set', document: 2, path: ['d'], value: 4 },
      ]),
      '# empty\n---\nnull\n---\na: 1 # first\n---\na: 2 # second\nb: [{c: 3}]\n---\na: 1\nd: 4\n',
    ));

  it('loses a part', () =>
    assert.equal(
      editDocuments(TEXT, 'f', [{ kind: 'remove', document: 1, path: ['b'] }]),
      TEXT.replace('b: [{c: 1}]\n', ''),
    ));

  it('must exist', () =>
    assert.throws(
      () => editDocuments(TEXT, 'f', [{ kind: 'set', document: 3, path: ['a'], value: 2 }]),
      EditError,
    ));
});
