import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestRecorder, open, rawReview, readToEnd, startGate } from '#test/review-server.ts';

it(
  'a review that a broken gate refuses while its body is received is counted once, as shed',
  { timeout: 20_000 },
  async () => {
    const { recorder, shed, rejections } = createTestRecorder();
    await using gate = await startGate({ recorder });
    const socket = await open(gate);
    const answer = readToEnd(socket);
    socket.write(
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n',
    );
    socket.write('{"uid":"u-1","pad":"');
    while (gate.inflight < 1) await new Promise(setImmediate);
    for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
    gate.fail();
    assert.match(await answer, /^HTTP\/1\.1 200 [^]*"uid":"u-1","outcome":"failed","code":"INTERNAL"\}$/);
    assert.deepEqual([shed, rejections], [['failure'], []]);
  },
);

it(
  'a broken gate refuses all pipelined reviews of a connection, in their order',
  { timeout: 20_000 },
  async () => {
    const { promise: never } = Promise.withResolvers<never>();
    await using gate = await startGate({ bouncer: { decide: () => never } });
    const socket = await open(gate);
    const answers = readToEnd(socket);
    socket.write(rawReview('u-1') + rawReview('u-2') + rawReview('u-3', ['connection: close']));
    while (gate.inflight < 3) await new Promise(setImmediate);
    for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
    gate.fail();
    const refusals = (await answers).matchAll(/"uid":"(u-\d)","outcome":"failed","code":"(\w+)"/g);
    assert.deepEqual(
      Array.from(refusals, ([, uid, code]) => [uid, code]),
      ['u-1', 'u-2', 'u-3'].map((uid) => [uid, 'INTERNAL']),
    );
  },
);
