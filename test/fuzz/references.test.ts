import assert from 'node:assert/strict';
import test from 'node:test';

import { createRandom, seedOfCase } from './random.ts';
import { references } from './references.ts';
import { commandToRepeat, fuzz, type FuzzTarget } from './target.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const CASES = 20_000;

test('a small run of the fuzzed references finds no violation', () => {
  const { find, outcomes } = fuzz(references, { seed: SEED, cases: CASES });
  assert.ok(
    find === undefined,
    find &&
      `${JSON.stringify(find.input)}: ${String(find.error)}\nrepeat: ${commandToRepeat(references, SEED, find.index)}`,
  );
  // The generator must make both good and bad references.
  assert.ok((outcomes.get('accepted') ?? 0) > CASES / 5, String(outcomes.get('accepted')));
  for (const code of ['INVALID_REFERENCE', 'AMBIGUOUS_REFERENCE', 'UNSUPPORTED_DIGEST']) {
    assert.ok((outcomes.get(code) ?? 0) > CASES / 100, `${code}: ${outcomes.get(code)}`);
  }
});

test('a violation stops the run; the same case of the same seed repeats it', () => {
  const picky: FuzzTarget = {
    ...references,
    examine: (input) => {
      if (input.includes('@sha256:')) throw new Error('digest');
      return 'fine';
    },
  };
  const { find, cases } = fuzz(picky, { seed: 7, cases: 1000 });
  assert.ok(find !== undefined);
  assert.equal(cases, find.index + 1);
  assert.equal(references.generate(createRandom(seedOfCase(7, find.index))), find.input);
  assert.deepEqual(fuzz(picky, { seed: 7, from: find.index, cases: 1 }).find?.input, find.input);
  assert.equal(
    commandToRepeat(picky, 7, find.index),
    `npm run fuzz -- references --seed 7 --from ${find.index} --cases 1`,
  );
});
