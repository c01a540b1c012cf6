import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInRange } from './image-policy-settings.ts';

test('numbers that the plugin accepts, at both ends of the ranges', () => {
  const table: readonly (readonly [Parameters<typeof isInRange>[0], unknown, boolean])[] = [
    ['allowTTL', 1, true],
    ['allowTTL', 1800, true],
    ['allowTTL', 1801, false],
    ['allowTTL', -1, true],
    ['allowTTL', -2, false],
    // The default of the plugin, which differs for each setting.
    ['allowTTL', 0, false],
    ['allowTTL', 1.5, false],
    ['allowTTL', '30s', false],
    ['allowTTL', '30', false],
    ['denyTTL', 1800, true],
    ['denyTTL', 1801, false],
    ['retryBackoff', 300_000, true],
    ['retryBackoff', 300_001, false],
    ['retryBackoff', -1, true],
  ];
  for (const [key, value, expected] of table)
    assert.equal(isInRange(key, value), expected, `${key}: ${JSON.stringify(value)}`);
});
