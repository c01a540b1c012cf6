import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { AUTHORITY, extension, LEAF, makeOdd } from '#test/odd-certificates.ts';
import { sendRequest } from './connection.ts';

it('XH1 a server of an intermediate CA is trusted without the root, as by kubectl, and no other server is', async () => {
  const root = await makeOdd({ name: 'root', extensions: AUTHORITY });
  const between = await makeOdd({ name: 'between', issuer: root, extensions: AUTHORITY });
  const stranger = await makeOdd({ name: 'stranger', extensions: AUTHORITY });
  const leaf = await makeOdd({
    name: 'server',
    issuer: between,
    extensions: [...LEAF, extension.loopback()],
  });
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (_, response) => response.end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const ask = (ca: string) =>
      sendRequest(
        { server: new URL(`https://127.0.0.1:${port}`), authenticate: async () => ({ ca, agent: false }) },
        { method: 'GET', path: '/' },
      );
    assert.equal((await ask(between.certificate)).status, 200);
    for (const { certificate } of [root, stranger])
      await assert.rejects(ask(certificate), { code: 'CLUSTER_UNREACHABLE' });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
