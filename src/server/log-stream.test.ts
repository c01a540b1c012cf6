import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { openLogStream } from './log-stream.ts';

/** A program that logs 16 MiB, says how long it was busy, and leaves. */
const PROGRAM = `
  import { openLogStream } from ${JSON.stringify(import.meta.resolve('./log-stream.ts'))};
  import { openLog } from ${JSON.stringify(import.meta.resolve('../telemetry/log.ts'))};
  const log = openLog({ stream: openLogStream(1), now: () => new Date(0), maxWaitingBytes: 1 << 20 });
  const started = performance.now();
  for (let count = 0; count < 1024; count += 1) {
    log.write('info', 'x'.repeat(16 * 1024));
    if (count % 64 === 0) await new Promise(setImmediate);
  }
  process.stderr.write(JSON.stringify({ busyMs: performance.now() - started, dropped: log.dropped() }));
  await log.close(200);
  process.exit(0);
`;

function logging(stdout: 'pipe' | number) {
  return spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    stdio: ['ignore', stdout, 'pipe'],
  });
}

describe('a log stream', { concurrency: true }, () => {
  it('never blocks on a pipe whose reader stalls, nor the exit of the process', async () => {
    const child = logging('pipe');
    const started = performance.now();
    const said = await text(child.stderr as NonNullable<typeof child.stderr>);
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    assert.equal(code, 0);
    assert.ok(performance.now() - started < 5000);
    const { busyMs, dropped } = JSON.parse(said);
    assert.ok(busyMs < 2000 && dropped > 500, said);
  });

  it('writes to a file', async () => {
    const path = join(tmpdir(), `log-stream-${process.pid}`);
    const descriptor = openSync(path, 'w');
    try {
      const stream = openLogStream(descriptor);
      stream.write('a line\n');
      await new Promise<void>((resolve) => stream.end(resolve));
      assert.equal(readFileSync(path, 'utf8'), 'a line\n');
    } finally {
      closeSync(descriptor);
      rmSync(path);
    }
  });
});
