import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { createAuthority } from './authority.ts';
import { parseCertificate } from './inspect.ts';
import { fetchChain } from './live.ts';

const TIMEOUT_MS = 2000;

/** A server that listens until the test is over. */
async function listening(server: Server): Promise<{ readonly port: number } & Disposable> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

async function makePair(commonName: string) {
  const authority = await createAuthority({ commonName, notBefore: new Date(), days: 2 });
  const request = { commonName: 'gate', dnsNames: ['gate.a.svc'], ipAddresses: [], notBefore: new Date() };
  return { authority, ...(await authority.issueServing({ ...request, days: 1 })) };
}

describe('the certificates that are served at an address', () => {
  it('are the whole chain, trusted or not', async () => {
    const { authority, certificate, key } = await makePair('a');
    using server = await listening(createServer({ cert: `${certificate}${authority.certificate}`, key }));
    const chain = await fetchChain({ host: '127.0.0.1', port: server.port }, TIMEOUT_MS);
    assert.deepEqual(
      chain.map(({ fingerprint256 }) => fingerprint256),
      [certificate, authority.certificate].map((pem) => parseCertificate(pem).fingerprint256),
    );
  });

  it('are those for the requested server name', async () => {
    const [one, other] = await Promise.all([makePair('one'), makePair('other')]);
    const server = createServer({ cert: one.certificate, key: one.key });
    server.addContext('gate.a.svc', { cert: other.certificate, key: other.key });
    using place = await listening(server);
    const { port } = place;
    const asked = async (serverName?: string): Promise<string | undefined> =>
      (await fetchChain({ host: '127.0.0.1', port, serverName }, TIMEOUT_MS))[0]?.issuer;
    assert.equal(await asked('gate.a.svc'), 'CN=other');
    assert.equal(await asked(), 'CN=one');
  });

  it('are also read from a server that requires client certificates', async () => {
    const { authority, certificate, key } = await makePair('a');
    const guarded = { ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
    using server = await listening(createServer({ cert: certificate, key, ...guarded }));
    const [leaf] = await fetchChain({ host: '127.0.0.1', port: server.port }, TIMEOUT_MS);
    assert.equal(leaf?.subjectAltName, 'DNS:gate.a.svc');
  });

  it('cannot be read without a listener, without TLS, or without an answer in time', async () => {
    const sockets = createPlainServer((socket) => void socket.end('hello\n'));
    const silent = createPlainServer(() => undefined);
    using speaking = await listening(sockets);
    using waiting = await listening(silent);
    const cases = [
      [1, TIMEOUT_MS, /ECONNREFUSED/],
      [speaking.port, TIMEOUT_MS, /wrong version number|packet length/i],
      [waiting.port, 50, /no answer within 50 ms/],
    ] as const;
    for (const [port, timeoutMs, reason] of cases) {
      await assert.rejects(fetchChain({ host: '127.0.0.1', port }, timeoutMs), (error: Error) => {
        assert.equal((error as Error & { code: string }).code, 'ADDRESS_UNREACHABLE');
        assert.match(error.message, reason);
        return error.message.startsWith(`127.0.0.1:${port}: no certificate was received: `);
      });
    }
  });
});
