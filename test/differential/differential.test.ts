import assert from 'node:assert/strict';
import test from 'node:test';

import { parseImageReference } from '../../src/image/reference.ts';
import { createRandom, seedOfCase } from '../fuzz/random.ts';
import { plausibleReference } from '../fuzz/reference-grammar.ts';
import { differential } from './differential.ts';
import type { GoReaders } from './go-readers.ts';

const refuseAll: GoReaders = (texts) =>
  texts.map(() => ({ runtime: null, kubelet: null, registryClient: null }));

test('a run ends with the first text that is read differently, and reports the number that repeats it', () => {
  const { find, cases, outcomes } = differential({ seed: 7, from: 100, cases: 500 }, refuseAll);
  assert.ok(find !== undefined);
  assert.equal(cases, find.index - 100 + 1);
  assert.equal(find.input, plausibleReference(createRandom(seedOfCase(7, find.index))));
  assert.equal(parseImageReference(find.input).kind, 'image');
  assert.deepEqual([...outcomes], cases === 1 ? [] : [['refused', cases - 1]]);
  assert.equal(differential({ seed: 7, from: find.index, cases: 1 }, refuseAll).find?.input, find.input);
});

test('a run without cases sends no text', () => {
  const report = differential({ seed: 7, cases: 0 }, () => assert.fail('asked'));
  assert.deepEqual([report.cases, report.find], [0, undefined]);
});
