import assert from 'node:assert/strict';
import { AUTHORITY, extension, makeOdd } from '#test/odd-certificates.ts';
import type * as x509 from '@peculiar/x509';
import { execFile } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { type Authority, createAuthority, type KeyPair, loadAuthority } from './authority.ts';

const run = promisify(execFile);
const notBefore = new Date(Date.now() - 60_000);

describe('an authority', () => {
  let authority: Authority;
  let serving: KeyPair;
  let client: KeyPair;
  let certificate: X509Certificate;
  before(async () => {
    authority = await createAuthority({ commonName: 'test authority, O=others', notBefore, days: 30 });
    serving = await authority.issueServing({
      commonName: 'gate',
      dnsNames: ['gate.images.svc', '*.gate.example'],
      ipAddresses: ['127.0.0.1', 'fd00::1'],
      notBefore,
      days: 10,
    });
    client = await authority.issueClient({
      commonName: 'system:apiserver',
      organizations: ['a, b', 'system:masters'],
      notBefore,
      days: 1,
    });
    certificate = new X509Certificate(serving.certificate);
  });

  it('signs leaves that Node verifies against it', () => {
    const issuer = new X509Certificate(authority.certificate);
    for (const leaf of [serving.certificate, client.certificate].map((pem) => new X509Certificate(pem))) {
      assert.ok(leaf.checkIssued(issuer));
      assert.ok(leaf.verify(issuer.publicKey));
      assert.equal(leaf.ca, false);
    }
    assert.equal(issuer.ca, true);
  });

  it('puts exactly the given hosts and addresses of both families in a certificate', () => {
    assert.ok(certificate.checkHost('gate.images.svc'));
    assert.ok(certificate.checkHost('a.gate.example'));
    assert.equal(certificate.checkHost('gate.images.svc.cluster.local'), undefined);
    assert.equal(certificate.checkHost('gate', { subject: 'never' }), undefined);
    assert.ok(certificate.checkIP('127.0.0.1'));
    assert.ok(certificate.checkIP('fd00::1'));
    assert.equal(certificate.checkIP('127.0.0.2'), undefined);
  });

  it('writes names as values, so that a comma starts no attribute', () => {
    assert.equal(
      new X509Certificate(authority.certificate).toLegacyObject().subject.CN,
      'test authority, O=others',
    );
    const subject = new X509Certificate(client.certificate).toLegacyObject().subject;
    assert.deepEqual(subject.O, ['a, b', 'system:masters']);
    assert.equal(subject.CN, 'system:apiserver');
  });

  it('gives every certificate a positive random serial of 16 bytes', () => {
    const serials = [authority, serving, client].map(
      (pair) => new X509Certificate(pair.certificate).serialNumber,
    );
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
    assert.equal(new Set(serials).size, 3);
  });

  it('is valid as long as requested, and no leaf outlives it', async () => {
    const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
    assert.equal(lifeMs, 10 * 86_400_000);
    const long = await authority.issueClient({ commonName: 'long', notBefore, days: 3650 });
    const [leaf, issuer] = [
      new X509Certificate(long.certificate),
      new X509Certificate(authority.certificate),
    ];
    assert.equal(leaf.validTo, issuer.validTo);
  });

  it('passes the strict checks of openssl for its purpose, and for no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'authority-'));
    const verify = async (pair: KeyPair, purpose: string) => {
      await writeFile(join(folder, 'leaf'), pair.certificate);
      const trust = ['-x509_strict', '-CAfile', join(folder, 'ca'), '-purpose', purpose];
      return run('openssl', ['verify', ...trust, join(folder, 'leaf')]);
    };
    try {
      await writeFile(join(folder, 'ca'), authority.certificate);
      await verify(serving, 'sslserver');
      await verify(client, 'sslclient');
      await assert.rejects(verify(serving, 'sslclient'), /unsuitable certificate purpose/);
      await assert.rejects(verify(client, 'sslserver'), /unsuitable certificate purpose/);
      const { stdout } = await run('openssl', ['x509', '-in', join(folder, 'ca'), '-noout', '-text']);
      assert.match(stdout, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      assert.match(stdout, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('serves mutual TLS', async () => {
    const trust = { ca: authority.certificate };
    const tls = {
      ...trust,
      cert: serving.certificate,
      key: serving.key,
      requestCert: true,
      rejectUnauthorized: true,
    };
    const server = createServer(tls, (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket: TLSSocket = connect({
      ...trust,
      cert: client.certificate,
      key: client.key,
      host: '127.0.0.1',
      port,
    });
    const greeting = await text(socket);
    server.close();
    assert.ok(socket.authorized);
    assert.equal(greeting, 'system:apiserver');
  });

  it('signs with the same name after it is loaded again', async () => {
    const again = await loadAuthority({ certificate: authority.certificate, key: authority.key });
    const leaf = new X509Certificate(
      (await again.issueClient({ commonName: 'c', notBefore, days: 1 })).certificate,
    );
    assert.ok(leaf.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(leaf.verify(new X509Certificate(authority.certificate).publicKey));
  });

  it('is not loaded from a leaf, from the key of another, or from a key of another kind', async () => {
    await assert.rejects(loadAuthority(serving), { code: 'NOT_AN_AUTHORITY' });
    await assert.rejects(loadAuthority({ ...authority, key: client.key }), { code: 'KEY_MISMATCH' });
    await assert.rejects(loadAuthority({ ...authority, key: 'secret-canary' }), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'KEY_UNREADABLE');
      return !error.message.includes('secret-canary');
    });
    const encoding = { format: 'pem', type: 'pkcs8' } as const;
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: encoding,
      publicKeyEncoding: { format: 'pem', type: 'spki' },
    });
    await assert.rejects(loadAuthority({ ...authority, key: privateKey }), { code: 'KEY_MISMATCH' });
  });

  it('XH1 signs nothing that the other side would refuse because of the CA, and names the extension', async () => {
    const { constraints, extended, usage } = extension;
    const load = async (extensions: readonly x509.Extension[]) =>
      loadAuthority(await makeOdd({ name: 'ca', extensions }));
    const request = { commonName: 'c', dnsNames: ['c.example'], ipAddresses: [], notBefore, days: 1 };
    const forServers = await load([...AUTHORITY, extended('serverAuth')]);
    await forServers.issueServing(request);
    await assert.rejects(forServers.issueClient(request), {
      code: 'NOT_AN_AUTHORITY',
      message: /^the CA may sign no certificates of clients: its extended key usage is serverAuth, without/,
    });
    const forClients = await load([...AUTHORITY, extended('clientAuth')]);
    await forClients.issueClient(request);
    await assert.rejects(forClients.issueServing(request), { code: 'NOT_AN_AUTHORITY' });
    await assert.rejects(load([constraints(true), usage('digitalSignature')]), {
      code: 'NOT_AN_AUTHORITY',
      message:
        'the certificate may not sign others: its key usage is digital signature, without certificate sign',
    });
  });

  it('makes no serving certificate without a name or for an invalid name', async () => {
    const rest = { commonName: 'gate', notBefore, days: 1 };
    for (const [dnsNames, ipAddresses] of [
      [[], []],
      [['a b'], []],
      [[''], []],
      [['a..b'], []],
      [[], ['300.1.1.1']],
    ] as const) {
      await assert.rejects(authority.issueServing({ ...rest, dnsNames, ipAddresses }), {
        code: 'NAME_INVALID',
      });
    }
  });
});
