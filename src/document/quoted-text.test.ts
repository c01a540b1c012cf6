import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideContent, shortenQuotes } from './quoted-text.ts';

test('XH6 a sentence keeps known words and punctuation, and loses what else it quotes', () => {
  for (const [sentence, hidden] of [
    ['key "abc" occurs twice (keep one of them)', 'key (a text) occurs twice (keep one of them)'],
    ['key "rules" occurs twice (keep one of them)', 'key "rules" occurs twice (keep one of them)'],
    [String.raw`key "a\"b" occurs twice (keep one of them)`, 'key (a text) occurs twice (keep one of them)'],
    [
      'text begins with "?" (quote text that begins with "*")',
      'text begins with "?" (quote text that begins with "*")',
    ],
    ['Unresolved tag: !abc (leave the tag out)', 'Unresolved tag (leave the tag out)'],
    ['unknown tag !<abc> (1:5)', 'unknown tag !(a text) (1:5)'],
    ['Block scalar header includes extra characters: abc', 'Block scalar header includes extra characters'],
    ['bad indentation of a mapping entry (2:5)', 'bad indentation of a mapping entry (2:5)'],
  ] as const)
    assert.equal(hideContent(sentence, new Set(['rules'])), hidden);
});

test('XH6 a quoted text has at most 64 characters', () => {
  assert.equal(
    shortenQuotes(`"${'a'.repeat(64)}" and "${'b'.repeat(65)}"`),
    `"${'a'.repeat(64)}" and "${'b'.repeat(64)}..."`,
  );
});
