import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import {
  ask,
  createTestRecorder,
  keys,
  open,
  rawReview,
  readToEnd,
  sendRaw,
  startGate,
  startPlainGate,
} from '#test/review-server.ts';
import type { ReviewServer } from './server.ts';

const MIB = 1024 * 1024;

/** A review of exactly this length. */
function reviewOfSize(bytes: number): Buffer {
  const head = '{"uid":"u-1","pad":"';
  return Buffer.from(`${head}${'x'.repeat(bytes - head.length - 2)}"}`);
}

describe('the server', { timeout: 20_000 }, () => {
  const { recorder, records, rejections } = createTestRecorder();
  let gate: ReviewServer;
  before(async () => {
    gate = await startGate({ recorder });
  });
  after(() => gate.close());

  it('answers a review in the protocol of its path, without headers about itself', async () => {
    const reply = await ask(gate, { path: '/image_policy?timeout=30s' });
    assert.equal(reply.status, 200);
    assert.deepEqual(JSON.parse(reply.text), { protocol: 'ImageReview', uid: 'u-1', outcome: 'admitted' });
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.equal(reply.headers['content-length'], String(reply.text.length));
    assert.equal(reply.headers['transfer-encoding'], undefined);
    assert.deepEqual([reply.headers.server, reply.headers['x-powered-by']], [undefined, undefined]);
    assert.equal(records.at(-1)?.protocol, 'ImageReview');
  });

  it('F01 accepts a body of 7 MiB; F02 objects of 3 MiB, and an UPDATE with two of them', async () => {
    for (const bytes of [13, 3 * MIB, 6.3 * MIB, 7 * MIB].map(Math.floor)) {
      const body = bytes === 13 ? '{"uid":"u-1"}' : reviewOfSize(bytes);
      assert.equal((await ask(gate, { body })).status, 200, `${bytes} bytes`);
    }
    assert.equal((await ask(gate, { body: '' })).status, 400);
    assert.equal((await ask(gate, { body: '{' })).status, 400);
  });

  it('F01 refuses a longer one and closes, declared or not, without keeping it', async () => {
    const declared = await ask(gate, { body: reviewOfSize(7 * MIB + 1) });
    assert.equal(declared.status, 413);
    assert.equal(declared.headers.connection, 'close');
    assert.deepEqual(JSON.parse(declared.text), { protocol: 'AdmissionReview', rejected: 'BODY_TOO_LARGE' });
    assert.equal(rejections.at(-1), 'BODY_TOO_LARGE');
    assert.equal((await ask(gate, { path: '/image_policy', body: reviewOfSize(7 * MIB + 1) })).status, 200);
    const promise = rawReview('u-1').replace(/content-length: \d+/, `content-length: ${7 * MIB + 1}`);
    assert.match(await sendRaw(gate, promise), /^HTTP\/1\.1 413 /, 'before the body has come');

    const socket = await open(gate);
    const received = readToEnd(socket);
    socket.write(
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    const before = process.memoryUsage().rss;
    const started = performance.now();
    // A stream without end: it continues until the gate closes the connection.
    while (!socket.closed) {
      if (!socket.write(chunk)) await sleep(1);
      assert.ok(performance.now() - started < 5000, 'the gate goes on reading');
    }
    assert.match(await received, /^HTTP\/1\.1 413 /);
    assert.ok(process.memoryUsage().rss - before < 64 * MIB);
  });

  it('F01 reads exactly as many bytes as Content-Length says', async () => {
    const short = await open(gate);
    short.write(
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"uid":"u-1"}',
    );
    short.end();
    assert.doesNotMatch(await readToEnd(short), /admitted/);
    const long = `${rawReview('u-1')}, "uid": "u-2"}`;
    const received = await sendRaw(gate, long);
    assert.doesNotMatch(received, /u-2/);
  });

  it('F06 answers a request with headers that are named like parts of JavaScript objects', async () => {
    const names = ['constructor', 'tostring', 'hasownproperty', 'valueof'];
    const headers = [...names, ...names].map((name) => `${name}: x`);
    const reply = await sendRaw(gate, rawReview('u-1', [...headers, 'connection: close']));
    assert.match(reply, /^HTTP\/1\.1 200 /);
  });

  it('F08 accepts only uncompressed JSON in UTF-8', async () => {
    const types: Record<string, number> = {
      'application/json': 200,
      'application/json; charset=utf-8': 200,
      'Application/JSON;charset="UTF-8"': 200,
      'application/json; charset=utf-16': 415,
      'text/plain': 415,
      'application/json-patch+json': 415,
      'application/x-www-form-urlencoded': 415,
      '': 415,
    };
    for (const [type, status] of Object.entries(types)) {
      const reply = await ask(gate, { headers: { 'content-type': type } });
      assert.equal(reply.status, status, type);
      assert.equal(JSON.parse(reply.text).rejected, status === 200 ? undefined : 'UNSUPPORTED_MEDIA_TYPE');
    }
    const body = gzipSync('{"uid":"u-1"}');
    assert.equal((await ask(gate, { body, headers: { 'content-encoding': 'gzip' } })).status, 415);
    assert.equal((await ask(gate, { headers: { 'content-encoding': 'identity' } })).status, 200);
    assert.match(
      await sendRaw(gate, 'POST / HTTP/1.1\r\nhost: gate\r\ncontent-length: 2\r\n\r\n{}'),
      /^HTTP\/1\.1 415 /,
    );
  });

  it('K08 never answers with a redirect, a Retry-After or another type (F09)', async () => {
    const targets: [string, string, number][] = [
      ['GET', '/', 405],
      ['PUT', '/validate', 405],
      ['OPTIONS', '/image_policy', 405],
      ['POST', '//validate', 404],
      ['POST', '/validate/../metrics', 404],
      ['POST', '/%2e', 404],
      ['POST', '/validate/', 404],
      ['POST', 'http://gate/validate', 404],
      ['GET', '/metrics', 404],
      ['GET', '/healthz', 404],
      ['POST', `/${'x'.repeat(64 * 1024)}`, 431],
    ];
    for (const [method, path, status] of targets) {
      const received = await sendRaw(
        gate,
        `${method} ${path} HTTP/1.1\r\nhost: gate\r\ncontent-length: 0\r\n\r\n`,
      );
      // The gate closes the connection while the client still sends a path that is too long. The response may be lost.
      if (status === 431 && received === '') continue;
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), `${method} ${path.slice(0, 30)}`);
      assert.match(received, /\r\ncontent-type: application\/json\r\n/);
      assert.doesNotMatch(received, /\r\n(location|retry-after):/i);
      assert.equal(/\r\nallow: POST\r\n/.test(received), status === 405);
      assert.doesNotThrow(() => JSON.parse(received.slice(received.indexOf('\r\n\r\n') + 4)));
    }
  });

  it('F12 refuses requests that are ambiguous or too large, and closes the connection', async () => {
    const head = 'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\n';
    const malformed: Record<string, [string, number]> = {
      'headers of 16 KiB + 1': [`${head}x: ${'x'.repeat(16 * 1024)}\r\n\r\n`, 431],
      '2,000 headers': [`${head}${'a:b\r\n'.repeat(2000)}content-length: 0\r\n\r\n`, 431],
      '101 headers': [`${head}${'a:b\r\n'.repeat(99)}content-length: 0\r\n\r\n`, 431],
      'a folded header': [`${head}x: y\r\n z\r\ncontent-length: 0\r\n\r\n`, 400],
      'Content-Length and Transfer-Encoding': [
        `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
        400,
      ],
      'two Content-Lengths': [`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `, 400],
      'bare LF': [`${head.replaceAll('\r\n', '\n')}content-length: 0\n\n`, 400],
      'a space before the colon': [`${head}x : y\r\ncontent-length: 0\r\n\r\n`, 400],
      'NUL in the path': [head.replace('/ ', '/\0 '), 400],
      'no HTTP': ['hello\r\n\r\n', 400],
    };
    for (const [what, [bytes, status]] of Object.entries(malformed)) {
      assert.match(await sendRaw(gate, bytes), new RegExp(`^HTTP/1\\.1 ${status} `), what);
    }
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
    for (const body of [
      '3\nabc\n0\n\n',
      `3;${'x'.repeat(20_000)}\r\nabc\r\n`,
      '-1\r\n',
      '3\r\nabcd\r\n0\r\n\r\n',
    ]) {
      assert.doesNotMatch(await sendRaw(gate, chunked + body), /admitted/);
    }
    assert.equal((await ask(gate)).status, 200, 'and it serves on');
  });

  it('F13 supports HTTP/1.1 only', async () => {
    const h2 = connect({
      host: '127.0.0.1',
      port: gate.port,
      ca: keys.authority.certificate,
      ALPNProtocols: ['h2'],
    });
    const [error] = (await once(h2, 'error')) as [NodeJS.ErrnoException];
    assert.match(String(error.code), /NO_APPLICATION_PROTOCOL/);
    const both = await open(gate, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(both.alpnProtocol, 'http/1.1');
    both.destroy();
    assert.match(await sendRaw(gate, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /^HTTP\/1\.1 400 /);
    const upgrade = rawReview('u-1', [
      'connection: upgrade, close',
      'upgrade: h2c',
      'http2-settings: AAMAAABk',
    ]);
    assert.match(await sendRaw(gate, upgrade), /^HTTP\/1\.1 200 /);
  });

  it('F14 refuses old TLS and weak ciphers', async () => {
    const refuses = async (options: object, why: RegExp) => {
      const target = { host: '127.0.0.1', port: gate.port, ca: keys.authority.certificate };
      const [error] = (await once(connect({ ...target, ...options }), 'error')) as [NodeJS.ErrnoException];
      assert.match(String(error.code), why);
    };
    const old = { ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    await refuses(old, /PROTOCOL_VERSION/);
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'AES128-GCM-SHA256']) {
      await refuses({ ciphers, maxVersion: 'TLSv1.2' }, /HANDSHAKE_FAILURE/);
    }
    for (const [minVersion, cipher] of [
      ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ] as const) {
      const socket = await open(gate, { minVersion, maxVersion: minVersion, ciphers: cipher });
      assert.equal(socket.getCipher().standardName.replace('TLS_ECDHE', 'ECDHE').length > 0, true);
      assert.equal(socket.getProtocol(), minVersion);
      socket.destroy();
    }
  });

  it('F14 refuses renegotiation by a client, and accepts any server name', async () => {
    const socket = await open(gate, { maxVersion: 'TLSv1.2' });
    const refused = Promise.withResolvers<unknown>();
    socket.on('error', refused.resolve);
    socket.renegotiate({}, (error) => refused.resolve(error));
    assert.match(String(await refused.promise), /no renegotiation/);
    socket.destroy();
    for (const servername of ['x'.repeat(255), '*', 'bücher.example', 'a..b', '\u0001']) {
      const garbage = connect({ host: '127.0.0.1', port: gate.port, servername, rejectUnauthorized: false });
      garbage.on('error', () => {});
      await Promise.race([once(garbage, 'secureConnect'), once(garbage, 'close')]);
      garbage.destroy();
    }
    assert.equal((await ask(gate)).status, 200);
  });

  it('F17 answers pipelined requests in order, 100-continue, and a client that half-closes its connection', async () => {
    const pipelined = await sendRaw(gate, rawReview('u-1') + rawReview('u-2', ['connection: close']));
    assert.deepEqual(pipelined.match(/u-\d/g), ['u-1', 'u-2']);
    const expecting = await ask(gate, { headers: { expect: '100-continue' } });
    assert.equal(expecting.status, 200);
    const socket = await open(gate, { allowHalfOpen: true } as object);
    socket.end(rawReview('u-3'));
    assert.match(await readToEnd(socket), /u-3|^$/);
    assert.equal((await ask(gate)).status, 200);
  });

  it('F18 returns a uid unchanged: long, with quotes, on several lines', async () => {
    for (const uid of ['x'.repeat(MIB), 'a"b\\c\n\r\u2028\u0000é', '']) {
      const reply = await ask(gate, { body: JSON.stringify({ uid }) });
      assert.equal(JSON.parse(reply.text).uid, uid);
    }
  });

  it('counts open requests', async () => {
    // Connections of the tests before may still be closing.
    while (gate.inflight > 0) await sleep(5);
    const socket = await open(gate);
    socket.write(
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n',
    );
    while (gate.inflight === 0) await sleep(5);
    assert.equal(gate.inflight, 1);
    socket.destroy();
    while (gate.inflight > 0) await sleep(5);
  });
});

describe('a server under other limits', { timeout: 20_000 }, () => {
  it('accepts bodies up to the length in the option', async () => {
    await using gate = await startGate({ limits: { bodyBytes: 100 } });
    assert.equal((await ask(gate, { body: reviewOfSize(100) })).status, 200);
    assert.equal((await ask(gate, { body: reviewOfSize(101) })).status, 413);
    const [head] = rawReview('u-1')
      .replace(/content-length: \d+/, 'transfer-encoding: chunked')
      .split('\r\n\r\n');
    const chunked = `${head}\r\n\r\n65\r\n${reviewOfSize(101).toString()}\r\n0\r\n\r\n`;
    assert.match(await sendRaw(gate, chunked), /^HTTP\/1\.1 413 /);
  });

  it('receives at most the number of bytes in the option from all clients together', async () => {
    await using gate = await startGate({ limits: { receivingBytes: 2 * MIB } });
    const head =
      'POST / HTTP/1.1\r\nhost: gate\r\ncontent-type: application/json\r\ncontent-length: 1500000\r\n\r\n';
    const first = await open(gate);
    first.write(head + ' '.repeat(1_400_000));
    await sleep(50);
    const without = reviewOfSize(MIB).toString().replace('{"uid"', '{ "uid"');
    assert.equal((await ask(gate, { body: without })).status, 413, 'the uid is not in the first bytes');
    assert.equal((await ask(gate)).status, 200);
    first.destroy();
    await sleep(50);
    assert.equal((await ask(gate, { body: without })).status, 200, 'and gives it back');
  });

  it('accepts headers up to the number and the size in the options', async () => {
    await using gate = await startGate({ limits: { headerCount: 5, headerBytes: 2048 } });
    assert.match(await sendRaw(gate, rawReview('u-1', ['connection: close', 'a: b'])), /^HTTP\/1\.1 200 /);
    assert.match(
      await sendRaw(gate, rawReview('u-1', ['connection: close', 'a: b', 'c: d'])),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(await sendRaw(gate, rawReview('u-1', [`a: ${'x'.repeat(2048)}`])), /^HTTP\/1\.1 431 /);
  });

  it('uses plain HTTP without a certificate', async () => {
    await using gate = await startPlainGate();
    const response = await fetch(`http://127.0.0.1:${gate.port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"uid":"u-1"}',
    });
    assert.equal(response.status, 200);
    assert.throws(() => gate.replaceCertificate(keys.serving), TypeError);
    assert.deepEqual([gate.certificate?.validToDate, gate.checks.certificate?.()], [undefined, undefined]);
  });

  it('reports a port that is in use', async () => {
    await using gate = await startGate();
    await assert.rejects(startGate({ port: gate.port }), { code: 'EADDRINUSE' });
  });
});
