import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestRecorder, open, readToEnd, startGate } from '#test/review-server.ts';

it(
  'a review amid its body that a broken gate refuses is counted once, as shed',
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
