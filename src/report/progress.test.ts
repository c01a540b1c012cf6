import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { createProgress } from './progress.ts';
import { Tally } from './totals.ts';

test('progress is shown on a terminal only, not too often, and is removed', () => {
  for (const isTTY of [true, false]) {
    let now = 0;
    const stream = Object.assign(new PassThrough(), { isTTY });
    const progress = createProgress(stream, () => now);
    const { totals } = new Tally();
    for (let step = 0; step < 21; step += 1) {
      now += 10;
      progress.show({ ...totals, files: step });
    }
    progress.clear();
    progress.clear();
    const line = (files: number): string => `\r\u001b[K${files} files, 0 objects, 0 refused`;
    assert.equal(String(stream.read() ?? ''), isTTY ? `${line(9)}${line(19)}\r\u001b[K` : '');
  }
});
