import assert from 'node:assert/strict';
import test from 'node:test';
import { filesBelow } from './sources.ts';

/** A call of `write` of standard output or standard error. */
const RAW_WRITE = /\b(?:stdout|stderr|stream)\.write\(/;

/** Files that escape the text themselves. The outputs of `check` do, because each format has its own dangerous texts. */
const ESCAPES = new Set([
  'src/cli/command.ts',
  'src/cli/commands/check.ts',
  'src/report/progress.ts',
  'src/telemetry/log.ts',
]);

test('XH13 each output goes through writeTo or the log, which escape control characters', () => {
  const raw = filesBelow('src', '.ts').filter(
    ({ path, code }) => RAW_WRITE.test(code) && !path.endsWith('.test.ts') && !ESCAPES.has(path),
  );
  assert.deepEqual(
    raw.map(({ path }) => path),
    [],
    'use writeTo of src/cli/command.ts; for text that it would spoil, add the file here with the reason',
  );
});
