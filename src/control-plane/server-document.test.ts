import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAsApiServer, openAsYaml } from './server-document.ts';

describe('X02 a file that begins with a brace is JSON for the API server', () => {
  const CASES: readonly (readonly [title: string, text: string, message: RegExp])[] = [
    [
      'a comment with slashes',
      '{\n  "a": 1 // x\n}',
      /^f\.json:2:10: .*JSON has no comments \(remove the comment\)/,
    ],
    ['a comment with a number sign', '{\n  # x\n  "a": 1}', /^f\.json:2:3: .*JSON has no comments/],
    ['a comma at the end', '{"a": 1,\n}', /^f\.json:2:1: .*no comma before a closing bracket/],
    ['no end', '{"a": [1', /^f\.json:1:9: .*it ends before its last bracket/],
    ['keys without quotes', '{a: 1}', /^f\.json:1:2: .*this is not JSON/],
  ];
  for (const [title, text, message] of CASES)
    it(title, () => {
      assert.throws(() => openAsApiServer(text, 'f.json', {}), { code: 'DOCUMENT_SYNTAX', message });
    });

  it('a kubeconfig is not: client-go takes JSON for YAML', () => {
    assert.deepEqual(openAsYaml('{"a": 1, # x\n}', 'k', {})?.value, { a: 1 });
  });
});

describe('X02 the API server reads the first document of a file', () => {
  const CASES: readonly (readonly [text: string, value: unknown])[] = [
    ['a: 1\n---\nb: [\n', { a: 1 }],
    ['# x\n---\na: 1\n---\nb: 2\n', { a: 1 }],
    ['a: 1\n...\nb: [\n', { a: 1 }],
    ['a: |\n  ---\nb: 1\n', { a: '---\n', b: 1 }],
    ['\uFEFF{"a": 1}', { a: 1 }],
    ['# x\n', undefined],
  ];
  for (const [text, value] of CASES)
    it(JSON.stringify(text), () => assert.deepEqual(openAsApiServer(text, 'f', {})?.value, value));
});
