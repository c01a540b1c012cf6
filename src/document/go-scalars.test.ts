import assert from 'node:assert/strict';
import test from 'node:test';
import { resolveGoScalar } from './go-scalars.ts';
import { parseDocuments } from './yaml.ts';

const CASES: readonly (readonly [source: string, value: unknown])[] = [
  ['yes', true],
  ['On', true],
  ['Y', true],
  ['OFF', false],
  ['n', false],
  ['yEs', 'yEs'],
  ['~', null],
  ['', null],
  ['NULL', null],
  ['50', 50],
  ['+50', 50],
  ['-1', -1],
  ['010', 8],
  ['0o10', 8],
  ['0x1F', 31],
  ['-0b11', -3],
  ['089', 89],
  ['1_000', 1000],
  ['5e1', 50],
  ['50.5', 50.5],
  ['.5', 0.5],
  ['1:30', '1:30'],
  ['30s', '30s'],
  ['-', '-'],
  ['2026-11-30', '2026-11-30'],
  ['-.inf', -Infinity],
  ['/etc/kubernetes', '/etc/kubernetes'],
];

for (const [source, value] of CASES)
  test(`X02 go-yaml reads ${JSON.stringify(source)} as ${JSON.stringify(value)}`, () =>
    assert.equal(resolveGoScalar(source), value));

test('X02 a file of the API server has the values that go-yaml reads, and a key twice means its last value', () => {
  const text = 'a: yes\nb: "yes"\nc: [010, \'010\']\n1: x\na: off\n';
  const [document] = parseDocuments(text, 'f.yaml', { scalars: 'go', equalKeys: 'last' });
  assert.deepEqual(document?.value, { a: false, b: 'yes', c: [8, '010'], 1: 'x' });
  assert.equal(document.positionOf(['a']), '5:1');
});

test('X02 go-yaml reads no key of several lines, such as a comment with slashes makes', () => {
  const text = '{a: 1, // seconds\n b: 2}';
  assert.throws(
    () => parseDocuments(text, 'f.yaml', { scalars: 'go' }),
    /^DocumentError: f\.yaml:1:8: a key has/,
  );
});

test('X02 the readers of manifests and policies still refuse a key twice', () => {
  assert.throws(() => parseDocuments('a: 1\na: 2\n', 'f.yaml'), { code: 'DOCUMENT_SYNTAX' });
});
