import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { congruential, joinedSamples, sampleOf, spoil } from '#test/grammar-samples.ts';
import { ALGORITHM, COMPONENT, HOST, IPV4, PORT, REPOSITORY, TAG } from './grammar.ts';

const PRODUCTIONS = {
  algorithm: ALGORITHM,
  component: COMPONENT,
  host: HOST,
  ipv4: IPV4,
  port: PORT,
  repository: REPOSITORY,
  tag: TAG,
};

describe('the EBNF in the comments of grammar.ts', () => {
  for (const [name, expression] of Object.entries(PRODUCTIONS)) {
    test(`${name}: the expression matches each text that the EBNF makes`, () => {
      const sample = sampleOf(name);
      const next = congruential(name.length);
      for (let count = 0; count < 500; count += 1) {
        const text = sample(next);
        assert.match(text, expression);
      }
    });
  }
});

describe('the expressions', () => {
  test('B26 have no flags and are anchored on both ends', () => {
    for (const { source, flags } of Object.values(PRODUCTIONS)) {
      assert.equal(flags, '');
      assert.match(source, /^\^.*\$$/);
    }
  });

  test('B23 take time linear in the text', () => {
    for (const [name, expression] of Object.entries(PRODUCTIONS)) {
      const next = congruential(23);
      for (let round = 0; round < 8; round += 1) {
        const short = fastest(expression, spoil(joinedSamples(name, 2_000, next), next));
        const long = fastest(expression, spoil(joinedSamples(name, 64_000, next), next));
        // 32 times the text: a linear expression takes 32 to 100 times as long, a quadratic one 1024 times. Below the
        // floor the clock is too coarse.
        assert.ok(long < 400 * Math.max(short, 0.02), `${name}: ${short} ms, then ${long} ms`);
      }
    }
  });
});

function fastest(expression: RegExp, text: string): number {
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now();
    expression.test(text);
    return performance.now() - started;
  });
  return Math.min(...times);
}
