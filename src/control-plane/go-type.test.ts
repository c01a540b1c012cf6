import assert from 'node:assert/strict';
import test from 'node:test';
import { findMisfit, type GoType } from './go-type.ts';

const TYPE: GoType = {
  fields: {
    name: 'text',
    on: 'boolean',
    data: 'bytes',
    list: { list: 'text' },
    map: { map: 'text' },
    free: 'any',
  },
};

const CASES: readonly (readonly [
  value: unknown,
  misfit: readonly [path: string, what: RegExp] | undefined,
])[] = [
  [{ name: 'a', on: true, data: 'aGk=\n', list: ['a'], map: { b: 'c' }, free: [1] }, undefined],
  [{ name: null, on: null, list: null, map: null, data: null }, undefined],
  [{ name: 5 }, ['name', /it is a number, and text is needed \(quote it\)/]],
  [{ on: 'true' }, ['on', /it is text, and true or false is needed/]],
  [{ data: 'no!' }, ['data', /it is not base64/]],
  [{ list: {} }, ['list', /it is a map, and a list is needed/]],
  [{ list: ['a', 1] }, ['list.1', /it is a number/]],
  [{ map: { b: true } }, ['map.b', /it is a boolean/]],
  [[], ['', /it is a list, and a map is needed/]],
  [{ Name: 'a' }, ['Name', /knows no key "Name" here \(write name\)/]],
];

for (const [value, expected] of CASES)
  test(`X02 a Go program ${expected === undefined ? 'decodes' : 'refuses'} ${JSON.stringify(value)}`, () => {
    const found = findMisfit(value, TYPE, true);
    assert.equal(found?.path.join('.'), expected?.[0]);
    if (expected !== undefined) assert.match(found?.what ?? '', expected[1]);
  });

test('X02 a program that is not strict ignores keys that it does not know', () =>
  assert.equal(findMisfit({ Name: 5 }, TYPE, false), undefined));
