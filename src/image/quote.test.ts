import assert from 'node:assert/strict';
import test from 'node:test';

import { imageName, quote } from './quote.ts';

test('printable ASCII is unchanged', () => {
  for (const text of ['', 'web', ' ~"\\', 'a'.repeat(64)]) assert.equal(quote(text), text);
});

test('K01 each other code unit becomes its escape', () => {
  assert.equal(quote('a\nb\u001b[31m'), 'a\\u000ab\\u001b[31m');
  assert.equal(quote('\u0000\u007f\u00e9'), '\\u0000\\u007f\\u00e9');
  assert.equal(quote('\u202e\u{1f600}'), '\\u202e\\ud83d\\ude00');
});

test('K02 a long text is cut and then ends with three dots', () => {
  assert.equal(quote('a'.repeat(65)), `${'a'.repeat(64)}...`);
  assert.equal(quote('\n'.repeat(65)), `${'\\u000a'.repeat(64)}...`);
  assert.equal(quote('a'.repeat(9), 8), 'aaaaaaaa...');
  assert.equal(quote('\n'.repeat(8), 8), '\\u000a'.repeat(8));
});

test('the name of an image has the whole registry and repository', () => {
  assert.equal(imageName({ registry: 'ghcr.io', repository: 'acme/app' }), 'ghcr.io/acme/app');
  const repository = 'a'.repeat(247);
  assert.equal(imageName({ registry: 'ghcr.io', repository }), `ghcr.io/${repository}`);
});
