import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';
import { AUTHORITY, extension, LEAF, makeOdd, type OddCertificate } from '#test/odd-certificates.ts';
import type * as x509 from '@peculiar/x509';
import { FINDING_KINDS } from '../diagnosis/finding.ts';
import { renderRemedy } from '../diagnosis/remedy.ts';
import { createAuthority } from './authority.ts';
import { readUseExtensions } from './extensions.ts';
import { namesOf, parseCertificate } from './inspect.ts';
import { type CertificateUse, findUseFaults } from './use.ts';

const { constraints, usage, extended, loopback } = extension;

async function faultsOf(
  use: CertificateUse,
  extensions: readonly x509.Extension[],
): Promise<readonly string[]> {
  return findUseFaults(parsed(await makeOdd({ name: 'odd', extensions })), use);
}

function parsed({ certificate }: Pick<OddCertificate, 'certificate'>): X509Certificate {
  return parseCertificate(certificate);
}

/**
 * What Go 1.26 (crypto/x509, for a server) and OpenSSL 3.5 (Node 24, for a client) say to each certificate. The handshakes with
 * OpenSSL are in src/server/client-certificates.test.ts.
 */
const CASES: readonly (readonly [use: CertificateUse, what: string, x509.Extension[], fault?: RegExp])[] = [
  ['client', 'clientAuth', [...LEAF, extended('clientAuth')]],
  ['client', 'clientAuth among others', [...LEAF, extended('serverAuth', 'clientAuth')]],
  ['client', 'no extended key usage', [...LEAF]],
  ['client', 'no extension', []],
  [
    'client',
    'serverAuth',
    [...LEAF, extended('serverAuth')],
    /^its extended key usage is serverAuth, without clientAuth$/,
  ],
  [
    'client',
    'any extended key usage',
    [...LEAF, extended('any')],
    /is anyExtendedKeyUsage, without clientAuth$/,
  ],
  ['client', 'code signing', [...LEAF, extended('codeSigning')], /is codeSigning, without clientAuth$/],
  ['client', 'key agreement', [usage('keyAgreement')]],
  [
    'client',
    'key encipherment',
    [usage('keyEncipherment')],
    /^its key usage is key encipherment, without digital signature$/,
  ],
  [
    'client',
    'certificate sign',
    [usage('keyCertSign')],
    /^its key usage is certificate sign, without digital signature$/,
  ],
  ['client', 'an authority', [...AUTHORITY.slice(0, 1), usage('keyCertSign', 'digitalSignature')]],
  ['server', 'serverAuth', [...LEAF, loopback(), extended('serverAuth')]],
  ['server', 'any extended key usage', [...LEAF, loopback(), extended('any')]],
  ['server', 'no extended key usage', [...LEAF, loopback()]],
  ['server', 'key encipherment', [usage('keyEncipherment'), loopback()]],
  [
    'server',
    'clientAuth',
    [...LEAF, loopback(), extended('clientAuth')],
    /is clientAuth, without serverAuth$/,
  ],
  ['server', 'no name', [...LEAF], /^it has no subject alternative name/],
  ['client authority', 'an ordinary one', [...AUTHORITY]],
  ['client authority', 'no key usage', [constraints(true)]],
  [
    'client authority',
    'CA:FALSE',
    [constraints(false)],
    /^its basic constraints are CA:FALSE, so it may sign no certificate$/,
  ],
  [
    'client authority',
    'CA:FALSE with certificate sign',
    [constraints(false), usage('keyCertSign')],
    /CA:FALSE/,
  ],
  ['client authority', 'no basic constraints', [usage('digitalSignature')], /^it has no basic constraints/],
  ['client authority', 'certificate sign alone', [usage('keyCertSign')]],
  [
    'client authority',
    'no certificate sign',
    [constraints(true), usage('digitalSignature')],
    /^its key usage is digital signature, without certificate sign$/,
  ],
  ['client authority', 'clientAuth', [...AUTHORITY, extended('clientAuth')]],
  [
    'client authority',
    'serverAuth',
    [...AUTHORITY, extended('serverAuth')],
    /is serverAuth, without clientAuth$/,
  ],
  [
    'client authority',
    'any extended key usage',
    [...AUTHORITY, extended('any')],
    /is anyExtendedKeyUsage, without clientAuth$/,
  ],
  ['server authority', 'an ordinary one', [...AUTHORITY]],
  ['server authority', 'any extended key usage', [...AUTHORITY, extended('any')]],
  [
    'server authority',
    'clientAuth',
    [...AUTHORITY, extended('clientAuth')],
    /is clientAuth, without serverAuth$/,
  ],
  ['server authority', 'certificate sign alone', [usage('keyCertSign')], /^it has no basic constraints/],
  [
    'server authority',
    'no certificate sign',
    [constraints(true), usage('cRLSign')],
    /is CRL sign, without certificate sign$/,
  ],
];

describe('X01 the use of a certificate', () => {
  for (const [use, what, extensions, fault] of CASES)
    it(`${use}: ${what} is ${fault === undefined ? 'accepted' : 'refused'}`, async () => {
      const faults = await faultsOf(use, extensions);
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.match(faults[0] ?? '', fault);
    });

  it('is given by the certificates that this program makes', async () => {
    const validity = { notBefore: new Date(), days: 1 };
    const authority = await createAuthority({ commonName: 'a', ...validity });
    const client = await authority.issueClient({ commonName: 'c', ...validity });
    const serving = await authority.issueServing({
      commonName: 's',
      dnsNames: ['a.b'],
      ipAddresses: [],
      ...validity,
    });
    assert.deepEqual(findUseFaults(parsed(authority), 'client authority'), []);
    assert.deepEqual(findUseFaults(parsed(authority), 'server authority'), []);
    assert.deepEqual(findUseFaults(parsed(client), 'client'), []);
    assert.deepEqual(findUseFaults(parsed(serving), 'server'), []);
  });
});

it('X12 a common name alone is named, with a command that makes a certificate with that name', async () => {
  const [fault = ''] = await faultsOf('server', LEAF);
  const [, command = ''] =
    /^it has no subject alternative name, only the common name odd, which clients do not check; make one with names: kube-image-bouncer (.*)$/.exec(
      fault,
    ) ?? [];
  await using folder = await folderOf({});
  const words = command.split(' ').map((word) => (word === 'FOLDER' ? folder.file('pki') : word));
  assert.equal((await bouncer(words)).code, 0);
  const made = parseCertificate(await readFile(folder.file('pki/tls.crt'), 'utf8'));
  assert.deepEqual(findUseFaults(made, 'server'), []);
  assert.deepEqual(namesOf(made).dns, ['odd']);
});

it('X01 the remedy of a client certificate for servers makes one for clients', async () => {
  const remedy = renderRemedy(FINDING_KINDS.CLIENT_CERTIFICATE_UNSUITABLE.remedy);
  const [, command = ''] = / or kube-image-bouncer (certificate create [^;]*);/.exec(remedy) ?? [];
  await using folder = await folderOf({});
  const values: Readonly<Record<string, string>> = { FOLDER: folder.file('pki'), NAMES: 'gate.example' };
  assert.equal((await bouncer(command.split(' ').map((word) => values[word] ?? word))).code, 0);
  const made = parseCertificate(await readFile(folder.file('pki/apiserver-client.crt'), 'utf8'));
  assert.deepEqual(findUseFaults(made, 'client'), []);
});

describe('the extensions of a certificate', () => {
  it('are read from their bits and from their object identifiers', async () => {
    const made = await makeOdd({
      name: 'all',
      extensions: [
        constraints(true),
        usage('digitalSignature', 'keyAgreement', 'decipherOnly'),
        extended('clientAuth'),
      ],
    });
    assert.deepEqual(readUseExtensions(parsed(made)), {
      version: 3,
      isAuthority: true,
      keyUsage: ['digital signature', 'key agreement', 'decipher only'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
    });
  });

  it('are not read from bytes that are cut off or that are not DER', async () => {
    const { raw } = parsed(await makeOdd({ name: 'cut', extensions: AUTHORITY }));
    const keyUsage = undefined;
    for (let length = 0; length < raw.length; length += 1)
      assert.equal(
        readUseExtensions({ raw: raw.subarray(0, length), keyUsage } as unknown as X509Certificate),
        undefined,
      );
    const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), raw.subarray(4)]);
    assert.equal(readUseExtensions({ raw: indefinite, keyUsage } as unknown as X509Certificate), undefined);
  });
});
