import assert from 'node:assert/strict';
import test from 'node:test';
import { namedTests, readThreats, renderThreat, THREATS, titlesOf } from './threat-table.ts';

const threats = readThreats();
const tests = namedTests();

const AGAIN =
  'npx node scripts/threats.ts writes the titles of the tests into docs/threats.md and docs/field-cases.md';

test('the tables of threats and of field cases have exactly one row for every id', () => {
  const ids = threats.map(({ id }) => id);
  assert.deepEqual(
    THREATS.filter((id) => !ids.includes(id)),
    [],
    'missing',
  );
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
    'twice',
  );
});

test('every row has a test or a sentence', () => {
  const open = threats.filter(
    ({ attempt, heldBy, files }) => attempt === '' || (files.length === 0 && !/^[A-Z`].*\.$/.test(heldBy)),
  );
  assert.deepEqual(
    open.map(({ id }) => id),
    [],
    AGAIN,
  );
});

test('every file that a row names has a test with the id and the title of the row', () => {
  const wrong = threats.flatMap(({ id, heldBy, files }) => {
    const holding = tests.filter((named) => named.id === id);
    const missing = files.filter((file) => !holding.some((named) => named.file === file));
    const titled =
      files.length === 0 ||
      holding.some(({ title, file }) => files.includes(file) && title.startsWith(heldBy));
    return [
      ...missing.map((file) => `${id}: no test in ${file}`),
      ...(titled ? [] : [`${id}: no test is called "${heldBy}"`]),
    ];
  });
  assert.deepEqual(wrong, [], AGAIN);
});

test('every test with an id is in the row of this id', () => {
  const absent = tests.filter(
    ({ id, file }) => threats.find((threat) => threat.id === id)?.files.includes(file) !== true,
  );
  assert.deepEqual([...new Set(absent.map(({ id, file }) => `${id} in ${file}`))], [], AGAIN);
});

test('ids are read from titles and from tables of cases, not from similar text', () => {
  const code = `
    test('A03 a list at the top level', () => {});
    describe("protocol", () => { it.skip(\`the deadline (F10) holds\`, () => {}); });
    const cases = [['B10', 'doc\\u212Aer.io'], ['B14 an \\'at\\' sign', 'a@b']];
    it(\`A18 \${JSON.stringify({ image })} is refused\`, () => {});
    test('XH4 a rule that vouches', () => {}); test('X08 two files', () => {});
    const not = ['A4', 'B1000', 'sha-B10', 'C01-like', 'XH444'];
  `;
  assert.deepEqual(titlesOf(code), [
    { id: 'A03', title: 'A03 a list at the top level' },
    { id: 'F10', title: 'the deadline (F10) holds' },
    { id: 'B10', title: 'B10' },
    { id: 'B14', title: "B14 an 'at' sign" },
    { id: 'A18', title: 'A18 … is refused' },
    { id: 'XH4', title: 'XH4 a rule that vouches' },
    { id: 'X08', title: 'X08 two files' },
  ]);
  assert.equal(
    renderThreat({ id: 'A03', attempt: 'x', heldBy: 'A03 a|b', files: ['src/a.test.ts', 'src/b.test.ts'] }),
    '| A03 | x | A03 a\\|b | `src/a.test.ts`, `src/b.test.ts` |',
  );
});
