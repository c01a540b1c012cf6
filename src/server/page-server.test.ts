import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { get, openPlain, readToEnd } from '#test/review-server.ts';
import { createPageServer, type Page } from './page-server.ts';

const REQUEST = 'GET /page HTTP/1.1\r\nhost: a\r\n\r\n';
const ANSWER =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\nconnection: close\r\n\r\npage';

/** Starts a server with one page. It counts how often the page was rendered. */
async function startPages(text = 'page', wholeMs?: number) {
  let made = 0;
  const make = (): Page => {
    made += 1;
    return { status: 200, type: 'text/plain', text };
  };
  const { server, close } = createPageServer(new Map([['/page', make]]), wholeMs);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, made: () => made, [Symbol.asyncDispose]: close };
}

describe('pages', { concurrency: true, timeout: 20_000 }, () => {
  it('F17 only the first of three requests in a packet is answered, on each of three connections', async () => {
    await using pages = await startPages();
    const answers = Array.from({ length: 3 }, async () => {
      const socket = await openPlain(pages);
      socket.write(REQUEST.repeat(3));
      return readToEnd(socket);
    });
    assert.equal((await get(pages.port, '/page')).text, 'page');
    // A connection that is closed with unread bytes may lose its response.
    for (const answer of await Promise.all(answers)) assert.ok([ANSWER, ''].includes(answer), answer);
    assert.equal(pages.made(), 4);
  });

  it('F15 the oldest connection is closed for a new one at the limit', async () => {
    await using pages = await startPages();
    const strangers = [];
    for (let count = 0; count < 300; count += 1) strangers.push(await openPlain(pages));
    const ends = strangers.map(readToEnd);
    assert.equal((await get(pages.port, '/page')).text, 'page');
    await Promise.all(ends.slice(0, 45));
    assert.equal(strangers.at(-1)?.destroyed, false);
    for (const stranger of strangers) stranger.destroy();
  });

  it('F11 a connection ends in time if its client sends nothing, does not end its head, or reads nothing', async () => {
    await using pages = await startPages('x'.repeat(32 * 1024 * 1024), 300);
    const silent = await openPlain(pages);
    const slow = await openPlain(pages);
    slow.write('GET /page HTTP/1.1\r\n');
    const deaf = (await openPlain(pages)).pause();
    deaf.write(REQUEST);
    assert.deepEqual(await Promise.all([silent, slow].map(readToEnd)), ['', '']);
    assert.ok((await readToEnd(deaf.resume())).length < 32 * 1024 * 1024);
  });

  it('F17 are sent to a client that half-closes, sends its head in pieces, or uses HTTP/1.0', async () => {
    await using pages = await startPages();
    const half = await openPlain(pages);
    half.end(REQUEST);
    assert.equal(await readToEnd(half), ANSWER);
    const slow = await openPlain(pages);
    for (const piece of 'GET /page?a=b HTTP/1.0\r\n\r\n') {
      slow.write(piece);
      await new Promise(setImmediate);
    }
    assert.equal(await readToEnd(slow), ANSWER);
  });

  it('F12 are refused if the request is invalid or too long', async () => {
    await using pages = await startPages();
    const long = `GET /page HTTP/1.1\r\na: ${'x'.repeat(9000)}`;
    for (const bytes of ['\r\n\r\n', 'GET page HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\n', long]) {
      const socket = await openPlain(pages);
      socket.write(bytes);
      assert.match(await readToEnd(socket), /^HTTP\/1\.1 400 /, bytes.slice(0, 40));
    }
    assert.equal(pages.made(), 0);
  });
});
