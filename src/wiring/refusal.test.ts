import assert from 'node:assert/strict';
import { it } from 'node:test';
import { originOf, readRefusal } from './refusal.ts';

// The truth table of all sentences is in test/suite/refusal-cases.ts.

it('two refusals have one origin if only the texts of a refuser differ', () => {
  const failed = (webhook: string, detail: string): string =>
    originOf(readRefusal(500, `Internal error occurred: failed calling webhook "${webhook}": ${detail}`));
  assert.equal(failed('a.b.c', 'EOF'), failed('a.b.c', 'timeout'));
  assert.notEqual(failed('a.b.c', 'EOF'), failed('a.b.d', 'EOF'));
  const denied = originOf(readRefusal(403, 'admission webhook "a.b.c" denied the request: no'));
  assert.notEqual(failed('a.b.c', 'EOF'), denied);
  assert.equal(originOf(readRefusal(403, 'exceeded quota')), 'other');
});
