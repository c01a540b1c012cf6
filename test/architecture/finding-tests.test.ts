import assert from 'node:assert/strict';
import test from 'node:test';
import { FINDING_KINDS } from '../../src/diagnosis/finding.ts';
import { filesBelow, isTest } from './sources.ts';

const sources = filesBelow('src/diagnosis', '.ts').filter(({ path }) => !path.includes('/catalogue/'));
const tests = new Map(sources.filter(({ path }) => isTest(path)).map(({ path, text }) => [path, text]));

/** Codes of the catalogue between quotes. */
function codesIn(text: string): ReadonlySet<string> {
  const words = [...text.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, word]) => word ?? '');
  return new Set(words.filter((word) => word in FINDING_KINDS));
}

/** Codes that a test expects exactly: codes in a list that contains only codes, such as `['NO_WIRING']`. */
function expectedIn(text: string): ReadonlySet<string> {
  const lists = text.match(/\[\s*'[A-Z][A-Z0-9_]+'(?:,\s*'[A-Z][A-Z0-9_]+')*,?\s*\]/g) ?? [];
  return codesIn(lists.join('\n'));
}

test('each file that makes a finding has a unit test that expects this finding', () => {
  const missing = sources
    .filter(({ path }) => !isTest(path))
    .flatMap(({ path, code: source }) => {
      const beside = path.replace(/\.ts$/, '.test.ts');
      const expected = expectedIn(tests.get(beside) ?? '');
      return [...codesIn(source)]
        .filter((code) => !expected.has(code))
        .map((code) => `${beside} expects no ${code}`);
    });
  assert.deepEqual(missing, []);
});

test('a file of src/diagnosis makes every code of the catalogue', () => {
  const made = codesIn(
    sources
      .filter(({ path }) => !isTest(path))
      .map(({ code }) => code)
      .join('\n'),
  );
  assert.deepEqual(
    Object.keys(FINDING_KINDS).filter((code) => !made.has(code)),
    [],
  );
});

test('a list of codes is an expectation; a code elsewhere is not', () => {
  assert.deepEqual(
    [...expectedIn("f(['NO_WIRING', 'CA_MISSING'], 'x'); g('TTL_LONG');")],
    ['NO_WIRING', 'CA_MISSING'],
  );
});
