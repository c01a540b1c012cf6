import assert from 'node:assert/strict';
import test from 'node:test';
import { filesBelow, isTest, readSource } from './sources.ts';

/** `type RuleErrorCode = | 'A' | 'B';` */
const NAMED_UNION = /\btype\s+\w*Code\s*=([^;]*);/g;
/** `readonly code: 'A' | 'B';` */
const INLINE_UNION = /\bcode\??\s*:\s*((?:\|?\s*'[A-Z_]+'\s*)+)/g;

/** Every code that the source names, sorted. */
function codesOf(code: string): readonly string[] {
  const unions = [NAMED_UNION, INLINE_UNION].flatMap((form) =>
    [...code.matchAll(form)].map(([, union]) => union ?? ''),
  );
  const codes = unions.flatMap((union) =>
    [...union.matchAll(/'([A-Z][A-Z_]*)'/g)].map(([, name]) => name ?? ''),
  );
  return [...new Set(codes)].toSorted((a, b) => a.localeCompare(b));
}

test('docs/errors.md has one row for every code of the source, and none for any other', () => {
  const sources = filesBelow('src', '.ts').filter(({ path }) => !isTest(path));
  const codes = codesOf(sources.map(({ code }) => code).join('\n'));
  assert.ok(codes.includes('DISALLOWED_TAG'), 'no codes were found in the source');
  const rows = [...readSource('docs/errors.md').text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, code]) => code ?? '',
  );
  assert.deepEqual(
    rows.toSorted((a, b) => a.localeCompare(b)),
    codes,
  );
});

test('codes are found in named unions and in place', () => {
  const code = `
    export type RuleErrorCode = 'B_TWO' | 'A_ONE';
    export type ViolationCode = RuleErrorCode | SubjectErrorCode;
    interface Notice { readonly code: 'C_THREE' | 'D_FOUR'; readonly text: string }
    type Operation = 'CREATE' | 'UPDATE';
  `;
  assert.deepEqual(codesOf(code), ['A_ONE', 'B_TWO', 'C_THREE', 'D_FOUR']);
});
