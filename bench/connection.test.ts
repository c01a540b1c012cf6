import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { keys } from '#test/review-server.ts';
import { Connection } from './connection.ts';
import { readResponse } from './response.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const BODY = '{"allowed":false,"reason":"ä"}';
const WITH_LENGTH = `${HEAD}Content-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;
const CHUNKED = [
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
  '11\r\n{"allowed":false,\r\n',
  'e;name="va;lue"\r\n"reason":"\r\n\n"\r\n',
  '0\r\nX-Trailer: 1\r\nX-Other: 2\r\n\r\n',
].join('');
const CHUNKED_BODY = '{"allowed":false,"reason":"\r\n\n"';
const SPLIT_CHARACTER = Buffer.concat([
  Buffer.from(`${HEAD}transfer-encoding:chunked\r\n\r\n1c\r\n`),
  Buffer.from(BODY).subarray(0, 28),
  Buffer.from('\r\n3 \r\n'),
  Buffer.from(BODY).subarray(28),
  Buffer.from('\r\n00\r\n\r\n'),
]);

/** A server that answers each request with the next of these responses, each byte in a TLS record of its own. */
async function startByteServer(responses: readonly (string | Buffer)[]) {
  const { certificate, key } = keys.serving;
  let next = 0;
  const server = createServer({ cert: certificate, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (request: Buffer) => {
      if (!request.toString().endsWith('}')) return;
      const response = Buffer.from(responses[next++] ?? '');
      for (const byte of response) socket.write(Buffer.of(byte));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

describe('the connection of the load generator', { timeout: 20_000 }, () => {
  it('reads chunked responses and responses with a length on one connection, in pieces of one byte', async () => {
    using server = await startByteServer([CHUNKED, WITH_LENGTH, SPLIT_CHARACTER, CHUNKED]);
    using connection = await Connection.open(server.port, '/');
    const bodies: string[] = [];
    for (let count = 0; count < 4; count += 1) bodies.push(await connection.post(Buffer.from('{}')));
    assert.deepEqual(bodies, [CHUNKED_BODY, BODY, BODY, CHUNKED_BODY]);
  });

  it('rejects a response that it cannot read', async () => {
    using server = await startByteServer([`${HEAD}\r\n`]);
    using connection = await Connection.open(server.port, '/');
    await assert.rejects(
      connection.post(Buffer.from('{}')),
      /the response cannot be read: HTTP\/1\.1 200 OK/,
    );
  });
});

describe('reading a response', () => {
  it('waits for the complete response, at whatever byte it is cut', () => {
    for (const text of [WITH_LENGTH, CHUNKED, SPLIT_CHARACTER]) {
      const whole = Buffer.from(text);
      for (let cut = 0; cut < whole.length; cut += 1)
        assert.equal(readResponse(whole.subarray(0, cut)), undefined, `cut at ${cut}`);
      const next = Buffer.concat([whole, Buffer.from('HTTP/1.1 200')]);
      assert.deepEqual(readResponse(next), {
        body: text === CHUNKED ? CHUNKED_BODY : BODY,
        length: whole.length,
      });
    }
  });

  it('refuses other statuses, invalid sizes, and chunks that are longer than their size', () => {
    const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
    for (const [text, message] of [
      ['HTTP/1.1 500 Error\r\ncontent-length: 0\r\n\r\n', /^the response cannot be read: HTTP\/1\.1 500/],
      [`${chunked}xy\r\n`, /^not the size of a chunk: xy$/],
      [`${chunked}-1\r\n`, /^not the size of a chunk: -1$/],
      [`${chunked}1\r\nabc\r\n`, /^a chunk is longer than its size$/],
    ] as const)
      assert.throws(() => readResponse(Buffer.from(text)), { message });
  });
});
