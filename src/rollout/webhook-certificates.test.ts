import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { serveCluster } from '#test/cluster-server.ts';
import { createAuthority, type KeyPair } from '../certificate/authority.ts';
import { parseCertificates } from '../certificate/inspect.ts';
import type { OwnCertificates } from '../webhook/gate-objects.ts';
import { prepareCertificates, type WebhookCertificateSettings } from './webhook-certificates.ts';

// test/end-to-end uses Secrets of a real API server. These tests use states that exist only during a rotation.

type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

function clusterOf(secrets: Secrets) {
  return serveCluster((request, response) => {
    const name = request.url?.split('/').at(-1) ?? '';
    const texts = secrets[name];
    if (texts === undefined) response.writeHead(404);
    const data = Object.entries(texts ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text).toString('base64'),
    ]);
    const metadata = { name, namespace: 'gates' };
    response.end(
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(data) }),
    );
  });
}

const settings: WebhookCertificateSettings = {
  address: { form: 'service', namespace: 'gates' },
  days: 365,
  authority: undefined,
  issuer: undefined,
  client: undefined,
};

const now = (): Date => new Date();
const notBefore = new Date(Date.now() - 60_000);

async function prepare(secrets: Secrets): Promise<OwnCertificates> {
  await using parts = await clusterOf(secrets);
  const places = { cluster: parts.cluster, out: undefined, stateFolder: '/nowhere', now };
  const { gate, trust } = await prepareCertificates(settings, places);
  assert.ok(gate?.source === 'own');
  assert.equal(trust, gate.trust);
  return gate;
}

function tls({ certificate, key }: KeyPair): Readonly<Record<string, string>> {
  return { 'tls.crt': certificate, 'tls.key': key };
}

async function authorityAndLeaf() {
  const authority = await createAuthority({ commonName: 'test', notBefore, days: 400 });
  const leaf = await authority.issueServing({
    commonName: 'gate',
    dnsNames: ['kube-image-bouncer.gates.svc'],
    ipAddresses: [],
    notBefore,
    days: 300,
  });
  return { authority, leaf };
}

describe('the certificates of a gate in the cluster', () => {
  it('are made when there are none, for the name that the API server calls', async () => {
    const { serving, trust, authority } = await prepare({});
    const leaf = new X509Certificate(serving.certificate);
    assert.equal(leaf.subjectAltName, 'DNS:kube-image-bouncer.gates.svc');
    assert.ok(leaf.verify(new X509Certificate(trust).publicKey));
    assert.equal(authority?.certificate, trust);
  });

  it('are kept when they are usable', async () => {
    const { authority, leaf } = await authorityAndLeaf();
    const found = await prepare({
      'kube-image-bouncer-tls': { ...tls(leaf), 'ca.crt': authority.certificate },
      'kube-image-bouncer-authority': tls(authority),
    });
    assert.deepEqual(found.serving, leaf);
    assert.equal(found.trust, authority.certificate);
    assert.deepEqual(found.authority, { certificate: authority.certificate, key: authority.key });
  });

  it('in a rotation: every trusted CA stays trusted, and the signing CA stays the same', async () => {
    const old = await authorityAndLeaf();
    const { authority } = await authorityAndLeaf();
    for (const trusted of [old.authority.certificate, old.authority.certificate + authority.certificate]) {
      const found = await prepare({
        'kube-image-bouncer-tls': { ...tls(old.leaf), 'ca.crt': trusted },
        'kube-image-bouncer-authority': tls(authority),
      });
      assert.deepEqual(found.serving, old.leaf, 'the leaf is of one that is trusted');
      assert.equal(parseCertificates(found.trust).length, 2);
      assert.equal(found.authority?.certificate, authority.certificate);
    }
  });

  it('are not replaced when the authority is elsewhere', async () => {
    const { authority, leaf } = await authorityAndLeaf();
    const secrets = { 'kube-image-bouncer-tls': { ...tls(leaf), 'ca.crt': authority.certificate } };
    await assert.rejects(prepare(secrets), {
      code: 'AUTHORITY_KEY_UNKNOWN',
      message: /^the key of the CA in Secret kube-image-bouncer-tls is not known/,
    });
  });
});
