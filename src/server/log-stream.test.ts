import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { openLog } from '../telemetry/log.ts';
import { openLogStream } from './log-stream.ts';

const IMPORTS = `
  import { openLogStream } from ${JSON.stringify(import.meta.resolve('./log-stream.ts'))};
  import { openLog } from ${JSON.stringify(import.meta.resolve('../telemetry/log.ts'))};
  const log = openLog({ stream: openLogStream(1), now: () => new Date(0), maxWaitingBytes: 1 << 20 });
`;

/** Logs 16 MiB, prints how long it was busy, and exits. */
const LOUD = `${IMPORTS}
  const started = performance.now();
  for (let count = 0; count < 1024; count += 1) {
    log.write('info', 'x'.repeat(16 * 1024));
    if (count % 64 === 0) await new Promise(setImmediate);
  }
  process.stderr.write(JSON.stringify({ busyMs: performance.now() - started, dropped: log.dropped() }));
  await log.close(200);
  process.exit(0);
`;

/** Writes more than fits into the pipe, through Node's stream and through the log stream. */
const SHARING = `${IMPORTS}
  const written = new Promise((resolve) => process.stdout.write('-'.repeat(500_000), resolve));
  log.write('info', '+'.repeat(500_000));
  await log.close(3000);
  await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 3000))]);
  process.exit(0);
`;

function run(program: string, stdout: 'pipe' | number) {
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', stdout, 'pipe'],
  });
}

/** The program must exit soon, and must have been busy only for the time of its own work. */
async function assertUnhindered(child: ReturnType<typeof run>): Promise<void> {
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const said = await text(child.stderr as Readable);
  assert.deepEqual(await exited, [0, null], said);
  clearTimeout(timer);
  const { busyMs, dropped } = JSON.parse(said);
  assert.ok(busyMs < 5000 && dropped > 500, said);
}

describe('a log stream', { concurrency: true, timeout: 20_000 }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A pipe as a shell makes it. Node gives its children sockets instead. */
  function makePipe(name: string): { reader: number; writer: number } {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { reader, writer: openSync(path, 'w') };
  }

  it('never blocks on a pipe whose reader stalls, nor the exit of the process', async () => {
    const { reader, writer } = makePipe('stalled');
    await assertUnhindered(run(LOUD, writer));
    closeSync(reader);
    closeSync(writer);
  });

  it('never blocks on a socket whose reader stalls, nor the exit of the process', () =>
    assertUnhindered(run(LOUD, 'pipe')));

  it('shares a pipe with the stream that Node makes of it', async () => {
    const { reader, writer } = makePipe('shared');
    const child = run(SHARING, writer);
    const cat = spawn('cat', { stdio: [reader, 'pipe', 'inherit'] });
    closeSync(reader);
    closeSync(writer);
    const [read] = await Promise.all([text(cat.stdout as Readable), once(child, 'exit')]);
    const count = (character: string) => read.split(character).length - 1;
    assert.deepEqual([count('-') >= 500_000, count('+')], [true, 500_000]);
  });

  it('writes to a file', async () => {
    const path = join(folder, 'file');
    const descriptor = openSync(path, 'w');
    const stream = openLogStream(descriptor);
    stream.write('a line\n');
    await new Promise<void>((resolve) => {
      stream.end(resolve);
    });
    assert.equal(readFileSync(path, 'utf8'), 'a line\n');
    closeSync(descriptor);
  });

  it('R16 continues when a disk is full: the log counts the lost lines', async () => {
    const descriptor = openSync('/dev/full', constants.O_WRONLY);
    const stream = openLogStream(descriptor);
    const log = openLog<string>({ stream, now: () => new Date(0) });
    log.batch(() => {
      for (const message of ['one', 'two', 'three']) log.write('info', message);
    });
    await log.close(1000);
    log.write('info', 'four');
    await log.close(1000);
    assert.deepEqual([log.dropped(), stream.writable, stream.destroyed], [4, true, false]);
    closeSync(descriptor);
  });
});
