import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { parseImageReference } from '../../src/image/reference.ts';
import { createRandom, seedOfCase } from '../fuzz/random.ts';
import { plausibleReference } from '../fuzz/reference-grammar.ts';
import { documentedRefusal, ONLY_WE_REFUSE } from './only-we-refuse.ts';

/** Refusals that the page describes in words. */
const WRITTEN_OUT: Readonly<Record<string, string>> = {
  'INVALID_REFERENCE.too-long': `${'a.'.repeat(600)}io/app`,
  'INVALID_REFERENCE.name-too-long': `registry.example.com/${'a'.repeat(240)}`,
  'AMBIGUOUS_REFERENCE.number-first': `0/${'a'.repeat(80)}`,
  'AMBIGUOUS_REFERENCE.digest-or-name': `sha256:${'0'.repeat(64)}`,
  'UNSUPPORTED_DIGEST.algorithm': `app@sha384:${'0'.repeat(96)}`,
};

const page = readFileSync(new URL('../../docs/image-references.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? ''));

test('docs/image-references.md lists exactly the refusals that only our parser makes', () => {
  assert.deepEqual(
    rows.map(([name]) => name),
    ONLY_WE_REFUSE,
  );
});

for (const [name = '', example = ''] of rows) {
  test(`${name}: our parser refuses the example of the page with this reason`, () => {
    const read = parseImageReference(WRITTEN_OUT[name] ?? example);
    assert.ok(read.kind === 'invalid');
    assert.equal(documentedRefusal(read), name);
    assert.equal(read.code, name.split('.')[0]);
  });
}

test('a text that Go refuses as well has no documented name', () => {
  for (const text of [
    '',
    'Nginx',
    'a b',
    'docker.io//x',
    'app@sha1:0000',
    'app@md5:0000',
    'r.io:/x',
    '[::1%25eth0]/x',
  ]) {
    const read = parseImageReference(text);
    assert.ok(read.kind === 'invalid');
    assert.equal(documentedRefusal(read), undefined, text);
  }
});

test('the generator makes a text for every documented refusal', () => {
  const reached = new Set(
    Array.from({ length: 40_000 }, (_, index) => {
      const read = parseImageReference(plausibleReference(createRandom(seedOfCase(20_261_122, index))));
      return read.kind === 'invalid' ? documentedRefusal(read) : undefined;
    }),
  );
  assert.deepEqual(
    ONLY_WE_REFUSE.filter((name) => !reached.has(name)),
    [],
  );
});
