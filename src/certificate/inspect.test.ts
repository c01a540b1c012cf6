import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';
import { type Authority, createAuthority } from './authority.ts';
import type { CertificateError } from './errors.ts';
import {
  commonNameOf,
  isCurrent,
  namesOf,
  parseCertificate,
  parseCertificates,
  parsePrivateKey,
  verifyKeyPair,
} from './inspect.ts';

const run = promisify(execFile);
const notBefore = new Date('2026-01-01T00:00:00Z');

describe('reading a certificate', () => {
  let authority: Authority;
  before(async () => {
    authority = await createAuthority({ commonName: 'test authority', notBefore, days: 1 });
  });

  it('leaves TLS usable if it is the first thing that a process does', async () => {
    // Only a new process has not loaded node:tls yet.
    const program = `
      const { commonNameOf, parseCertificate } = await import(${JSON.stringify(import.meta.resolve('./inspect.ts'))});
      console.log(commonNameOf(parseCertificate(${JSON.stringify(authority.certificate)})));
      console.log(typeof (await import('node:tls')).createSecureContext);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
    assert.equal(stdout, 'test authority\nfunction\n');
  });

  it('is valid from its start to its end, both included', () => {
    const certificate = parseCertificate(authority.certificate);
    assert.ok(isCurrent(certificate, new Date('2026-01-01T00:00:00Z')));
    assert.ok(isCurrent(certificate, new Date('2026-01-02T00:00:00Z')));
    assert.ok(!isCurrent(certificate, new Date('2025-12-31T23:59:59Z')));
    assert.ok(!isCurrent(certificate, new Date('2026-01-02T00:00:01Z')));
  });

  it('distinguishes the kinds of names', async () => {
    const names = { dnsNames: ['a.example', 'b.example'], ipAddresses: ['10.0.0.1', '::1'] };
    const leaf = await authority.issueServing({ commonName: 'c', ...names, notBefore, days: 1 });
    const certificate = parseCertificate(leaf.certificate);
    const expected = { dns: ['a.example', 'b.example'], ip: ['10.0.0.1', '0:0:0:0:0:0:0:1'], uri: [] };
    assert.deepEqual(namesOf(certificate), expected);
    assert.equal(commonNameOf(certificate), 'c');
    assert.deepEqual(namesOf(parseCertificate(authority.certificate)), { dns: [], ip: [], uri: [] });
  });

  it('reads a name with a comma and a blank as one name', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const crafted = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: ['one'] }, { CN: ['two'] }],
      keys: await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: 'spiffe://x/one, two' },
          { type: 'dns', value: 'real.example' },
        ]),
      ],
    });
    const pem = crafted.toString('pem');
    const certificate = parseCertificate(pem);
    const expected = { dns: ['real.example'], ip: [], uri: ['spiffe://x/one, two'] };
    assert.deepEqual(namesOf(certificate), expected);
    assert.equal(commonNameOf(certificate), undefined, 'two common names are none to rely on');
  });

  it('reports each problem of a pair by a code', async () => {
    const other = await authority.issueClient({ commonName: 'other', notBefore, days: 1 });
    assert.throws(() => parseCertificate('no'), { code: 'CERTIFICATE_UNREADABLE' });
    assert.throws(() => parsePrivateKey('no'), { code: 'KEY_UNREADABLE' });
    assert.throws(() => verifyKeyPair({ certificate: authority.certificate, key: other.key }), {
      code: 'KEY_MISMATCH',
    });
    assert.equal(verifyKeyPair(authority).subject, 'CN=test authority');
  });

  it('refuses a bundle that is cut off, except between two certificates', async () => {
    const other = await createAuthority({ commonName: 'another', notBefore, days: 1 });
    const [first, bundle] = [authority.certificate, authority.certificate + other.certificate];
    const taken: number[] = [];
    for (let length = first.length - 30; length <= bundle.length; length += 1) {
      try {
        taken.push(parseCertificates(bundle.slice(0, length)).length);
      } catch (error) {
        assert.equal((error as CertificateError).code, 'CERTIFICATE_UNREADABLE');
      }
    }
    // Whole with and without its last line break, both.
    assert.deepEqual(taken, [1, 1, 2, 2]);
    assert.throws(
      () => verifyKeyPair({ certificate: bundle.slice(0, first.length + 5), key: authority.key }),
      {
        code: 'CERTIFICATE_UNREADABLE',
        message: 'what follows the last certificate is cut off',
      },
    );
  });

  it('accepts a bundle with other text after its certificates', () => {
    const { certificate, key } = authority;
    for (const more of [key, key.replaceAll('\n', '\r\n'), '\n# the end --\n'])
      assert.equal(parseCertificates(certificate + more).length, 1);
  });
});
