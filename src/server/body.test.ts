import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { type BodyResult, BodyMemory, BodyReceiver, hasMoreImages } from './body.ts';

/** Receives a body in these pieces. */
async function receive(
  pieces: readonly Buffer[],
  receivingBytes = 100_000,
): Promise<{ readonly result: BodyResult; readonly body: Buffer }> {
  const request = new PassThrough({ highWaterMark: 0 });
  const memory = new BodyMemory({ bodyBytes: 100_000, largeBytes: 100_000, receivingBytes });
  const { promise, resolve } = Promise.withResolvers<{ result: BodyResult; body: Buffer }>();
  const receiver = new BodyReceiver(request as unknown as IncomingMessage, memory, {
    onBody: (result, body) => resolve({ result, body }),
  });
  // Without a pause, as Node's parser emits all chunks of one read.
  for (const piece of pieces) request.emit('data', piece);
  request.end();
  const received = await promise;
  receiver.release();
  return received;
}

describe('the receiver of a body', () => {
  it('R15 pieces of one byte are joined, so that their buffers are not retained', async () => {
    const pieces = Array.from({ length: 10_000 }, () => Buffer.from('a'));
    const received = receive(pieces);
    // A buffer that is still retained would show this change.
    for (const piece of pieces) piece.write('b');
    const { body } = await received;
    assert.equal(body.length, 10_000);
    assert.ok(body.filter((byte) => byte === 0x62).length <= 1);
  });

  it('F01 pieces of all lengths make the original body', async () => {
    const lengths = [1, 3, 2, 4096, 5, 4, 3, 2, 1, 9000, 1, 1, 0, 700, 4095, 1, 20_000, 7];
    const pieces = lengths.map((length, index) => Buffer.alloc(length, index + 65));
    const { result, body } = await receive(pieces);
    assert.deepEqual([result, body.equals(Buffer.concat(pieces))], ['whole', true]);
  });

  it('F18 the first bytes of a body without room are kept, also if its first piece was short', async () => {
    const { result, body } = await receive(
      [Buffer.from('{"uid":'), Buffer.from(`"u-1","${'x'.repeat(2000)}`)],
      1000,
    );
    assert.deepEqual(
      [result, body.length, body.toString('utf8', 0, 15)],
      ['no room', 256, '{"uid":"u-1","x'],
    );
  });

  it('R15 the garbage of bodies is collected after each 16 MiB of long bodies, whether they are kept or not', () => {
    let collections = 0;
    const limits = { bodyBytes: 1 << 20, largeBytes: 1 << 20, receivingBytes: 1 << 20 };
    const memory = new BodyMemory(limits, () => (collections += 1));
    const chunk = Buffer.alloc(1 << 16);
    const send = (chunks: number): void => {
      const request = new PassThrough();
      // Most of these bodies find no room beside the first one, which is never released.
      const receiver = new BodyReceiver(request as unknown as IncomingMessage, memory, {
        onBody: () => undefined,
      });
      for (let sent = 0; sent < chunks; sent += 1) request.emit('data', chunk);
      assert.ok(receiver.head.length > 0);
    };
    const collectionsAfter = (bodies: number, chunks: number): number => {
      for (let body = 0; body < bodies; body += 1) send(chunks);
      return collections;
    };
    // The first 64 KiB of a body are not counted.
    assert.equal(collectionsAfter(17, 16), 0);
    assert.equal(collectionsAfter(1, 16), 1);
    assert.equal(collectionsAfter(34, 16), 3);
    assert.equal(collectionsAfter(1000, 1), 3);
  });

  it('R15 the collector of this Node collects the young generation', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const observer = new PerformanceObserver((list) => {
      const kinds = list.getEntries().map((entry) => (entry as { detail?: { kind?: number } }).detail?.kind);
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MINOR)) resolve();
    });
    observer.observe({ entryTypes: ['gc'] });
    new BodyMemory({ bodyBytes: 1, largeBytes: 1, receivingBytes: 1 }).countReceived(16 << 20);
    await promise;
    observer.disconnect();
  });
});

describe('the number of images in a body', () => {
  const reviewOf = (images: object): Buffer => Buffer.from(JSON.stringify({ spec: images }));

  it('XH3 is found without parsing, in containers and in image volumes', () => {
    const containers = Array.from({ length: 64 }, () => ({ image: 'a' }));
    assert.equal(hasMoreImages(reviewOf({ containers }), 64), false);
    assert.equal(hasMoreImages(reviewOf({ containers: [...containers, { image: 'a' }] }), 64), true);
    const volumes = containers.map(() => ({ name: 'v', image: { reference: 'a' } }));
    assert.equal(hasMoreImages(reviewOf({ containers, volumes }), 127), true);
    assert.equal(hasMoreImages(reviewOf({ text: 'image '.repeat(500) }), 64), false);
    const managedFields = containers.map(() => ({ 'f:image': {} }));
    assert.equal(hasMoreImages(reviewOf({ containers, managedFields }), 64), false);
  });
});
