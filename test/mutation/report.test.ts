import assert from 'node:assert/strict';
import test from 'node:test';

import type { MutantResult, MutantStatus } from '@stryker-mutator/api/core';

import { renderScores, scoreFiles, total } from './report.ts';

function mutants(file: string, counts: Readonly<Partial<Record<MutantStatus, number>>>): MutantResult[] {
  return Object.entries(counts).flatMap(([status, count]) =>
    Array.from({ length: count }, () => ({ fileName: `/tree/src/${file}`, status }) as MutantResult),
  );
}

const results = [
  ...mutants('b.ts', { Killed: 6, Timeout: 1, Survived: 2, NoCoverage: 1 }),
  ...mutants('a.ts', { Killed: 3, Ignored: 4, CompileError: 5, RuntimeError: 6 }),
];

test('the score of a file is the share of detected mutants: timeouts are detected, mutants without a test are not', () => {
  const [a, b] = scoreFiles(results, '/tree');
  assert.deepEqual([a?.file, a?.score, a?.ignored], ['src/a.ts', 100, 4]);
  assert.deepEqual([b?.file, b?.score, b?.uncovered], ['src/b.ts', 70, 1]);
});

test('the total score counts mutants, not files', () => {
  const { killed, timeout, survived, uncovered, score } = total(scoreFiles(results, '/tree'));
  assert.deepEqual([killed, timeout, survived, uncovered], [9, 1, 2, 1]);
  assert.equal(score, 1000 / 13);
  assert.equal(total([]).score, 100);
});

test('the table has a line for each file, and the sum last', () => {
  assert.equal(
    renderScores(scoreFiles(results, '/tree')),
    [
      'file      killed  timeout  survived  uncovered  ignored  score',
      'src/a.ts       3        0         0          0        4  100.0',
      'src/b.ts       6        1         2          1        0   70.0',
      'all            9        1         2          1        4   76.9',
      '',
    ].join('\n'),
  );
});
