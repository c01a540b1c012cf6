import { relative } from 'node:path';

import type { MutantResult } from '@stryker-mutator/api/core';

/** Results of the mutants of one file, or of all files. */
interface Score {
  readonly file: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  /** Mutants that no test runs. */
  readonly uncovered: number;
  /** Mutants that a comment in the source excludes, with its reason. */
  readonly ignored: number;
  /** Percentage of detected mutants. */
  readonly score: number;
}

type Counted = 'killed' | 'timeout' | 'survived' | 'uncovered' | 'ignored';

const COUNTED: Readonly<Record<MutantResult['status'], Counted | undefined>> = {
  Killed: 'killed',
  Timeout: 'timeout',
  Survived: 'survived',
  NoCoverage: 'uncovered',
  Ignored: 'ignored',
  // The mutant does not compile, so that it does not count.
  CompileError: undefined,
  RuntimeError: undefined,
  Pending: undefined,
};

/** One score per file, in the order of the names. */
export function scoreFiles(mutants: readonly MutantResult[], root: string): readonly Score[] {
  const files = Map.groupBy(mutants, ({ fileName }) => relative(root, fileName));
  return [...files].sort(([a], [b]) => a.localeCompare(b)).map(([file, of]) => score(file, of));
}

/** All files together. */
export function total(scores: readonly Score[]): Score {
  const sum = (field: Counted): number => scores.reduce((count, score) => count + score[field], 0);
  return withScore('all', {
    killed: sum('killed'),
    timeout: sum('timeout'),
    survived: sum('survived'),
    uncovered: sum('uncovered'),
    ignored: sum('ignored'),
  });
}

/** A table for a terminal. The last row is the sum. */
export function renderScores(scores: readonly Score[]): string {
  const rows = [...scores, total(scores)].map((row) => [
    row.file,
    String(row.killed),
    String(row.timeout),
    String(row.survived),
    String(row.uncovered),
    String(row.ignored),
    row.score.toFixed(1),
  ]);
  const head = ['file', 'killed', 'timeout', 'survived', 'uncovered', 'ignored', 'score'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

function score(file: string, mutants: readonly MutantResult[]): Score {
  const counts: Record<Counted, number> = { killed: 0, timeout: 0, survived: 0, uncovered: 0, ignored: 0 };
  for (const { status } of mutants) {
    const counted = COUNTED[status];
    if (counted !== undefined) counts[counted] += 1;
  }
  return withScore(file, counts);
}

function withScore(file: string, counts: Readonly<Record<Counted, number>>): Score {
  const found = counts.killed + counts.timeout;
  const all = found + counts.survived + counts.uncovered;
  return { file, ...counts, score: all === 0 ? 100 : (100 * found) / all };
}
