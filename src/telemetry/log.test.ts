import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { type Log, openLog } from './log.ts';

const now = () => new Date('2026-01-02T03:04:05.678Z');

/** A reader that reads everything, or nothing. */
function readerOf({ stalled = false } = {}) {
  const pieces: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, taken) {
      pieces.push(piece);
      if (!stalled) setImmediate(taken);
    },
  });
  return { stream, pieces, lines: () => pieces.join('').split('\n').slice(0, -1) };
}

describe('a log', { timeout: 20_000 }, () => {
  it('writes one JSON document a line: level, time, message, fields', () => {
    const { stream, lines } = readerOf();
    openLog<string>({ stream, now }).write('warn', 'reload failed', { file: 'policy.yaml' });
    assert.deepEqual(lines(), [
      '{"level":"warn","time":"2026-01-02T03:04:05.678Z","file":"policy.yaml","msg":"reload failed"}',
    ]);
  });

  it('XH13 escapes what JSON leaves raw: controls, line separators and characters that reorder or hide letters', () => {
    const { stream, lines } = readerOf();
    const image = 'nginx\u009b31m\u0085\u2028\u2029\u202e\u2066\u200b\ufeff\u007f\ud800:1 é検';
    openLog<string>({ stream, now }).write('info', 'decision', { user: image, images: [image] });
    const [line = '', ...others] = lines();
    assert.deepEqual(others, []);
    assert.match(line, /^[\x20-\x7eé検]+$/);
    const { user, images } = JSON.parse(line) as { user: string; images: string[] };
    assert.deepEqual([user, images], [image, [image]]);
  });

  it('writes no lines below its level', async () => {
    const { stream, lines } = readerOf();
    const quiet = openLog<string>({ stream, now, level: 'warn' });
    quiet.write('info', 'unheard');
    quiet.write('error', 'heard');
    await quiet.close(100);
    assert.equal(lines().length, 1);
    const loud = readerOf();
    openLog<string>({ stream: loud.stream, now, level: 'debug' }).write('debug', 'heard');
    assert.equal(loud.lines().length, 1);
  });

  it('passes a batch to the stream in one piece, and a long batch in several', async () => {
    const { stream, pieces, lines } = readerOf();
    const log = openLog<string>({ stream, now });
    log.batch(() => writeMany(log, 64, 'x'));
    await sleep(5);
    assert.equal(pieces.length, 1);
    log.batch(() => writeMany(log, 64, 'x'.repeat(4096)));
    await log.close(100);
    assert.ok(pieces.length > 2);
    assert.equal(lines().length, 128);
  });

  it('drops and counts lines when its reader stalls, so that the waiting bytes stay bounded', () => {
    const { stream } = readerOf({ stalled: true });
    const log = openLog<string>({ stream, now, maxWaitingBytes: 10_000 });
    log.batch(() => writeMany(log, 1000, 'x'.repeat(100)));
    for (let batch = 0; batch < 100; batch += 1) log.batch(() => writeMany(log, 10, 'x'.repeat(100)));
    assert.ok(stream.writableLength <= 10_000, String(stream.writableLength));
    assert.ok(log.dropped() > 1900 && log.dropped() < 2000, String(log.dropped()));
  });

  it('closes within its time although its reader stalls', async () => {
    const { stream } = readerOf({ stalled: true });
    const log = openLog<string>({ stream, now });
    log.write('info', 'never read');
    const started = performance.now();
    await log.close(50);
    const tookMs = performance.now() - started;
    assert.ok(tookMs >= 45 && tookMs < 500, `took ${tookMs} ms`);
  });

  it('closes when its reader has read everything', async () => {
    const { stream, lines } = readerOf();
    const log = openLog<string>({ stream, now });
    writeMany(log, 10, 'x');
    await log.close(10_000);
    assert.equal(lines().length, 10);
    assert.equal(stream.writableLength, 0);
  });

  it('continues after its reader has gone', async () => {
    const stream = new Writable({ write: (_piece, _encoding, taken) => taken(new Error('EPIPE')) });
    const log = openLog<string>({ stream, now });
    log.write('info', 'into the pipe');
    await sleep(5);
    log.write('info', 'after it broke');
    assert.equal(log.dropped(), 2);
    await log.close(1000);
  });

  it('K05 writes only the allowed properties of an error', () => {
    const { stream, pieces } = readerOf();
    const cause = Object.assign(new Error('socket closed', { cause: 'canary-4' }), { password: 'canary-1' });
    const error = Object.assign(new Error('registry refused', { cause }), {
      code: 'REGISTRY_UNAUTHORIZED',
      config: { headers: { authorization: 'Bearer canary-2' } },
      request: { url: 'https://user:canary-3@registry.example' },
    });
    const log = openLog<string>({ stream, now });
    log.failure('could not resolve', error);
    log.failure('thrown', { token: 'canary-5' });
    log.failure('thrown', Object.assign(new Error('x'), { message: { token: 'canary-6' } }));
    assert.ok(!pieces.join('').includes('canary'), pieces.join(''));
    const [line] = pieces.map((piece) => JSON.parse(piece));
    assert.deepEqual(
      {
        name: line.error.name,
        code: line.error.code,
        message: line.error.message,
        cause: line.error.cause.message,
      },
      { name: 'Error', code: 'REGISTRY_UNAUTHORIZED', message: 'registry refused', cause: 'socket closed' },
    );
    assert.match(line.error.stack, /log\.test\.ts/);
  });
});

function writeMany(log: Log<string>, count: number, text: string): void {
  for (let line = 0; line < count; line += 1) log.write('info', 'decision', { text });
}
