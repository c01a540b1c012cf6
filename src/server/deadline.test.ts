import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetOf, parseDuration } from './deadline.ts';

describe('a deadline', () => {
  it('F10 is read in the syntax of Go', () => {
    const durations: Record<string, number | undefined> = {
      '10s': 10_000,
      '30s': 30_000,
      '1s': 1000,
      '1m30s': 90_000,
      '500ms': 500,
      '1.5s': 1500,
      '.5s': 500,
      '1.s': 1000,
      '+2s': 2000,
      '1h': 3_600_000,
      '9999h': 35_996_400_000,
      '250us': 0.25,
      '250µs': 0.25,
      '1m0s': 60_000,
      '0s': undefined,
      '-5s': undefined,
      abc: undefined,
      '10': undefined,
      '10 s': undefined,
      '10sx': undefined,
      '1e3s': undefined,
      s: undefined,
      '.s': undefined,
      '': undefined,
      '∞s': undefined,
      [`${'1'.repeat(100)}s`]: undefined,
    };
    for (const [text, expected] of Object.entries(durations))
      assert.equal(parseDuration(text), expected, text);
  });

  it('F10 is the shorter of the timeout of the caller and that of the gate, minus half a second', () => {
    const budgets: Record<string, number> = {
      'timeout=10s': 9500,
      'timeout=30s': 9500,
      'timeout=9999h': 9500,
      'timeout=5s': 4500,
      'timeout=1s': 500,
      'timeout=400ms': 200,
      'timeout=0s': 9500,
      'timeout=-5s': 9500,
      'timeout=abc': 9500,
      'timeout=': 9500,
      '': 9500,
      'a=b&timeout=2s&c=d': 1500,
      'xtimeout=2s': 9500,
    };
    for (const [query, expected] of Object.entries(budgets))
      assert.equal(budgetOf(query, 10_000), expected, query);
  });

  it('is the timeout of the gate if that is shorter', () => {
    assert.equal(budgetOf('timeout=10s', 3000), 2500);
    assert.equal(budgetOf('', 3000), 2500);
  });

  it('is read in linear time', () => {
    const started = performance.now();
    budgetOf(`timeout=${'1'.repeat(1_000_000)}`, 10_000);
    budgetOf('&timeout'.repeat(100_000), 10_000);
    assert.ok(performance.now() - started < 1000);
  });
});
