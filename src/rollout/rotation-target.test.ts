import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { serveCluster } from '#test/cluster-server.ts';
import { dayAfter, gateAuthority, ISSUED, otherAuthority, servingPair } from '#test/gate-certificates.ts';
import { createAuthority } from '../certificate/authority.ts';
import { rotate } from '../certificate/rotation.ts';
import { valueAt } from '../document/json.ts';
import { AUTHORITY_SECRET, GATE_NAME, TLS_SECRET, WEBHOOKS } from '../wiring/names.ts';
import { clusterTarget, trustedByWebhooks } from './rotation-target.ts';

// test/end-to-end rotates with a real API server. Here a configuration contains webhooks of other software too.

const NAMESPACE = 'gates';
const OURS = gateAuthority.certificate;
const FOREIGN = otherAuthority.certificate;
/** A CA that the gate does not know any more. */
const formerAuthority = await createAuthority({ commonName: 'former', notBefore: ISSUED, days: 3650 });
const CONFIGURATION = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${GATE_NAME}`;
const TLS = `/api/v1/namespaces/${NAMESPACE}/secrets/${TLS_SECRET}`;
const AUTHORITY = `/api/v1/namespaces/${NAMESPACE}/secrets/${AUTHORITY_SECRET}`;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function secret(name: string, texts: Readonly<Record<string, string>>): object {
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, data };
}

function configuration(bundles: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: GATE_NAME },
    webhooks: Object.entries(bundles).map(([name, bundle]) => ({
      name,
      clientConfig: { url: 'https://127.0.0.1:1323/validate', caBundle: base64(bundle) },
    })),
  };
}

/** The Secrets of a gate in the cluster. */
const SECRETS = {
  [TLS]: secret(TLS_SECRET, {
    'tls.crt': servingPair.certificate,
    'tls.key': servingPair.key,
    'ca.crt': OURS,
  }),
  [AUTHORITY]: secret(AUTHORITY_SECRET, { 'tls.crt': OURS, 'tls.key': gateAuthority.key }),
};

interface Operation {
  readonly op: 'add' | 'test';
  readonly path: string;
  readonly value: unknown;
}

function apply(object: unknown, { op, path, value }: Operation): void {
  const keys = path.split('/').slice(1);
  if (op === 'test') return assert.equal(valueAt(object, keys), value);
  Reflect.set(valueAt(object, keys.slice(0, -1)) as object, keys.at(-1) ?? '', value);
}

/** An API server with these objects, by their paths. It lists, reads and patches them. */
async function clusterOf(initial: Readonly<Record<string, object>>) {
  const objects = structuredClone(initial);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const object = objects[pathname];
    if (object !== undefined && request.method === 'PATCH')
      for (const operation of (await json(request)) as Operation[]) apply(object, operation);
    const listed = Object.entries(objects).filter(([path]) => path.startsWith(`${pathname}/`));
    const items = listed.map(([, one]) => one);
    const isCollection = /(?:configurations|pods)$/.test(pathname);
    if (object === undefined && !isCollection) response.writeHead(404);
    response.end(JSON.stringify(object ?? { apiVersion: 'v1', kind: 'List', metadata: {}, items }));
  };
  const server = await serveCluster((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });
  const textAt = (object: string, ...path: readonly (string | number)[]): string =>
    Buffer.from(String(valueAt(objects[object], path)), 'base64').toString();
  const bundle = (index: number): string =>
    textAt(CONFIGURATION, 'webhooks', index, 'clientConfig', 'caBundle');
  return { ...server, textAt, bundle };
}

const options = {
  authority: true,
  delayMs: 0,
  clientDelayMs: 0,
  canaryTimeoutMs: 0,
  now: () => dayAfter(1),
  sleep: async () => undefined,
};

describe('the webhooks that a rotation changes', () => {
  it('a foreign CA in a configuration with our name stays; a webhook with a name of the user gets the new CA', async () => {
    await using parts = await clusterOf({
      [CONFIGURATION]: configuration({
        'other.example.com': FOREIGN,
        'images.example.com': OURS,
        [WEBHOOKS.images]: OURS,
        'unreadable.example.com': 'other',
      }),
      ...SECRETS,
    });
    await rotate(clusterTarget({ cluster: parts.cluster, namespace: NAMESPACE }), options);
    const after = parts.textAt(TLS, 'data', 'ca.crt');
    assert.notEqual(after, OURS);
    assert.deepEqual([0, 1, 2, 3].map(parts.bundle), [FOREIGN, after, after, 'other']);
  });

  it('a webhook in our domain with a wrong CA gets the CA of the gate', async () => {
    await using parts = await clusterOf({
      [CONFIGURATION]: configuration({
        'other.example.com': FOREIGN,
        [WEBHOOKS.images]: formerAuthority.certificate,
      }),
      ...SECRETS,
    });
    await rotate(clusterTarget({ cluster: parts.cluster, namespace: NAMESPACE }), options);
    assert.deepEqual([0, 1].map(parts.bundle), [FOREIGN, OURS]);
  });

  it('without ca.crt in the Secret, the CA is recognised by the serving certificate that it signed', async () => {
    await using parts = await clusterOf({
      [CONFIGURATION]: configuration({ 'other.example.com': FOREIGN, 'images.example.com': OURS }),
      [TLS]: secret(TLS_SECRET, { 'tls.crt': servingPair.certificate, 'tls.key': servingPair.key }),
      [AUTHORITY]: secret(AUTHORITY_SECRET, { 'tls.crt': OURS, 'tls.key': gateAuthority.key }),
    });
    const target = clusterTarget({ cluster: parts.cluster, namespace: NAMESPACE });
    assert.deepEqual(await target.readTrust(), [OURS]);
    await rotate(target, options);
    assert.equal(parts.bundle(0), FOREIGN);
    assert.equal(parts.bundle(1), parts.textAt(AUTHORITY, 'data', 'tls.crt'));
  });

  it('the trust of another webhook does not make a CA ours', async () => {
    await using parts = await clusterOf({
      [CONFIGURATION]: configuration({ 'other.example.com': FOREIGN, 'images.example.com': OURS }),
    });
    const { cluster } = parts;
    const inCluster = clusterTarget({ cluster, namespace: NAMESPACE });
    const gate = { readTrust: async () => [OURS], readServing: async () => ({}) };
    const target = trustedByWebhooks({ ...inCluster, readTrust: async () => [OURS, FOREIGN] }, cluster, gate);
    assert.deepEqual(await target.readTrust(), [OURS, FOREIGN, OURS]);
  });
});
