import assert from 'node:assert/strict';
import test from 'node:test';
import { ENGLISH } from '../../src/language/english.ts';
import { FINDING_PAGE, withFindings } from './finding-table.ts';
import { MESSAGE_PAGES } from './message-table.ts';
import { filesBelow, isTest, readSource } from './sources.ts';

/** `type RuleErrorCode = | 'A' | 'B';` */
const NAMED_UNION = /\btype\s+\w*Code\s*=([^;]*);/g;
/** `readonly code: 'A' | 'B';` */
const INLINE_UNION = /\bcode\??\s*:\s*((?:\|?\s*'[A-Z_]+'\s*)+)/g;

/** Every code that the source contains, sorted. */
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
  // Findings are not errors. They are in docs/doctor.md.
  const sources = filesBelow('src', '.ts').filter(
    ({ path }) => !isTest(path) && !path.startsWith('src/diagnosis/'),
  );
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

for (const { path, rows, render } of MESSAGE_PAGES) {
  test(`${path} quotes each sentence of the catalogue literally, and no other`, () => {
    const found = readSource(path).text.match(rows) ?? [];
    assert.deepEqual(found, render(), 'npx node scripts/messages.ts writes them');
  });
}

test('every sentence belongs to a documented code or to a group of docs/language.md', () => {
  const rows = readSource('docs/errors.md').text.matchAll(/^\| `([A-Z_]+)` \|/gm);
  const known = new Set(['words', 'check', 'explain', ...[...rows].map(([, code]) => code)]);
  const owners = new Set(Object.keys(ENGLISH).map((key) => key.slice(0, key.indexOf('.'))));
  assert.deepEqual(
    [...owners].filter((owner) => !known.has(owner)),
    [],
  );
});

test('docs/doctor.md has a row for each finding, and no other row', () => {
  const { text } = readSource(FINDING_PAGE);
  assert.equal(text, withFindings(text), 'npx node scripts/findings.ts writes the rows');
});

test('the reader finds codes in named unions and in inline unions', () => {
  const code = `
    export type RuleErrorCode = 'B_TWO' | 'A_ONE';
    export type ViolationCode = RuleErrorCode | SubjectErrorCode;
    interface Notice { readonly code: 'C_THREE' | 'D_FOUR'; readonly text: string }
    type Operation = 'CREATE' | 'UPDATE';
  `;
  assert.deepEqual(codesOf(code), ['A_ONE', 'B_TWO', 'C_THREE', 'D_FOUR']);
});
