import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { KubernetesClient } from './client.ts';
import type { KubernetesObject } from './object.ts';

// The tests in test/end-to-end use a real API server. These tests use answers that it gives only in case of a failure.

interface SentRequest {
  readonly line: string;
  readonly type: string | undefined;
  readonly body: string;
}

type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];

/** A client of a server that sends these replies, one after the other. */
async function clientOf(...replies: Reply[]) {
  const requests: SentRequest[] = [];
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    requests.push({ line: `${request.method} ${request.url}`, type: request.headers['content-type'], body });
    const [status, document, headers = {}] = replies.shift() ?? [500, 'no reply left'];
    response.writeHead(status, headers);
    response.end(typeof document === 'string' ? document : JSON.stringify(document));
  };
  const server = createServer((request, response) => void reply(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new KubernetesClient({
    server: new URL(`http://127.0.0.1:${port}/behind/a/proxy/`),
    authenticate: async () => ({ headers: { authorization: 'Bearer canary-token' } }),
  });
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { client, requests, [Symbol.asyncDispose]: close };
}

const pod: KubernetesObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'a' } };
const pods = { apiVersion: 'v1', kind: 'Pod' };

async function drain(objects: AsyncIterable<KubernetesObject>): Promise<KubernetesObject[]> {
  const all: KubernetesObject[] = [];
  for await (const object of objects) all.push(object);
  return all;
}

describe('the client', { timeout: 20_000 }, () => {
  it('keeps unknown fields of an object', async () => {
    const strange = { ...pod, spec: { volumes: [{ image: { reference: 'x' } }], somethingNew: 1 } };
    await using server = await clientOf([200, strange]);
    assert.deepEqual(await server.client.get({ ...pods, namespace: 'a', name: 'web' }), strange);
    assert.equal(server.requests[0]?.line, 'GET /behind/a/proxy/api/v1/namespaces/a/pods/web');
  });

  it('reads a list page by page, and adds apiVersion and kind to its items', async () => {
    await using server = await clientOf(
      [200, { items: [{ metadata: { name: 'a' } }], metadata: { continue: 'next one' } }],
      [200, { items: [{ metadata: { name: 'b' } }], metadata: {} }],
    );
    const all = await drain(server.client.list(pods));
    assert.deepEqual(
      all.map(({ kind, metadata }) => [kind, metadata.name]),
      [
        ['Pod', 'a'],
        ['Pod', 'b'],
      ],
    );
    assert.deepEqual(
      server.requests.map(({ line }) => line),
      [
        'GET /behind/a/proxy/api/v1/pods?limit=500',
        'GET /behind/a/proxy/api/v1/pods?limit=500&continue=next+one',
      ],
    );
  });

  it('distinguishes an object that does not exist from one that may not be read', async () => {
    await using server = await clientOf(
      [404, {}],
      [404, {}],
      [404, {}],
      [403, { message: 'pods is forbidden: User "eve" cannot list resource', reason: 'Forbidden' }],
    );
    assert.equal(await server.client.get({ ...pods, name: 'web' }), undefined);
    assert.deepEqual(await drain(server.client.list(pods)), []);
    assert.equal(await server.client.delete({ ...pods, name: 'web' }), false);
    await assert.rejects(drain(server.client.list(pods)), {
      code: 'CLUSTER_REFUSED',
      status: 403,
      reason: 'Forbidden',
      message: 'list of Pod: pods is forbidden: User "eve" cannot list resource',
    });
  });

  it('writes with its own field manager, and stores nothing in a dry run', async () => {
    await using server = await clientOf([201, pod], [200, pod], [200, pod], [200, pod]);
    await server.client.create(pod, { dryRun: true });
    await server.client.apply(pod, { force: true });
    await server.client.replace(pod);
    await server.client.patch({ ...pods, namespace: 'a', name: 'web' }, [{ op: 'test' }]);
    const path = '/behind/a/proxy/api/v1/namespaces/a/pods';
    assert.deepEqual(
      server.requests.map(({ line, type }) => [line, type]),
      [
        [`POST ${path}?fieldManager=kube-image-bouncer&dryRun=All`, 'application/json'],
        [`PATCH ${path}/web?force=true&fieldManager=kube-image-bouncer`, 'application/apply-patch+yaml'],
        [`PUT ${path}/web?fieldManager=kube-image-bouncer`, 'application/json'],
        [`PATCH ${path}/web?fieldManager=kube-image-bouncer`, 'application/json-patch+json'],
      ],
    );
    assert.deepEqual(JSON.parse(server.requests[0]?.body ?? ''), pod);
  });

  it('reports an unreadable answer, and never shows the token', async () => {
    const huge = 'x'.repeat(33 * 1024 * 1024);
    await using server = await clientOf(
      [200, '<html>log in here</html>'],
      [200, { items: 'none' }],
      [502, 'bad gateway'],
      [200, huge],
    );
    const { client } = server;
    const reference = { ...pods, name: 'web' };
    await assert.rejects(client.get(reference), { code: 'CLUSTER_ANSWER_UNREADABLE' });
    await assert.rejects(drain(client.list(pods)), { code: 'CLUSTER_ANSWER_UNREADABLE' });
    await assert.rejects(client.get(reference), {
      code: 'CLUSTER_REFUSED',
      message: 'Pod web: HTTP status 502',
    });
    await assert.rejects(client.get(reference), { code: 'CLUSTER_ANSWER_UNREADABLE' });
    await server[Symbol.asyncDispose]();
    await assert.rejects(client.get(reference), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CLUSTER_UNREACHABLE');
      assert.match(error.message, /^http:\/\/127\.0\.0\.1:\d+: the API server does not answer: /);
      return !`${error.stack} ${String(error.cause)}`.includes('canary-token');
    });
  });

  it('ends with the signal of its caller although the server continues to send', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200);
      const talking = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(talking));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new KubernetesClient({
      server: new URL(`http://127.0.0.1:${port}`),
      authenticate: async () => ({}),
    });
    const request = { method: 'GET', path: '/x', signal: AbortSignal.timeout(50) } as const;
    await assert.rejects(client.send(request), { code: 'CLUSTER_UNREACHABLE' });
    server.close();
    await once(server, 'close');
  });

  it('returns the warnings of an answer', async () => {
    const warning = '299 - "tag \\"latest\\" is mutable", 299 - "and, more"';
    await using server = await clientOf([201, pod, { warning }]);
    const { warnings } = await server.client.send({ method: 'POST', path: '/x', body: pod });
    assert.deepEqual(warnings, ['tag "latest" is mutable', 'and, more']);
  });
});
