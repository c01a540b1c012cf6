import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSigningRequest } from './signing-request.ts';

const kubelet = {
  commonName: 'system:node:kube-image-bouncer.images.svc',
  organizations: ['system:nodes'],
  dnsNames: ['kube-image-bouncer.images.svc'],
  ipAddresses: ['10.0.0.1', 'fd00::1'],
};

/** What openssl reads in a request whose signature it has verified. */
async function readRequest(request: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const openssl = execFile('openssl', ['req', '-noout', '-text', '-verify'], (error, stdout, stderr) =>
    error === null ? resolve(stdout + stderr) : reject(error),
  );
  openssl.stdin?.end(request);
  return promise;
}

describe('a signing request', () => {
  it('has the fields that the signer of Kubernetes requires, and is signed by its own key', async () => {
    const { request, key } = await createSigningRequest(kubelet);
    const text = await readRequest(request);
    assert.match(text, /Subject: O ?= ?system:nodes, CN ?= ?system:node:kube-image-bouncer\.images\.svc\n/);
    assert.match(
      text,
      /DNS:kube-image-bouncer\.images\.svc, IP Address:10\.0\.0\.1, IP Address:FD00:0:0:0:0:0:0:1/,
    );
    assert.match(text, /verify OK/);
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  });

  it('is made for an existing key', async () => {
    const first = await createSigningRequest(kubelet);
    const second = await createSigningRequest({ ...kubelet, key: first.key });
    assert.equal(second.key, first.key);
    const publicKeyOf = async (request: string) => /pub:([\s0-9a-f:]+)/.exec(await readRequest(request))?.[1];
    assert.equal(await publicKeyOf(second.request), await publicKeyOf(first.request));
  });

  it('is not made for an invalid name, or with a key of another kind', async () => {
    await assert.rejects(createSigningRequest({ ...kubelet, dnsNames: [], ipAddresses: [] }), {
      code: 'NAME_INVALID',
    });
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await assert.rejects(createSigningRequest({ ...kubelet, key }), { code: 'KEY_UNREADABLE' });
  });
});
