import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createAuthority } from './authority.ts';
import { commonNameOf, organizationsOf, parseCertificate, renderBundle, verifyKeyPair } from './inspect.ts';
import { completePki, type FoundPki, type Pki, type PkiRequest } from './pki.ts';

const DAY_MS = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z');
const request: PkiRequest = {
  names: ['localhost', '*.gate.example', '10.0.0.1', 'fd00::1'],
  client: { commonName: 'kube-apiserver', organizations: ['a', 'b'] },
  now: () => start,
};
const at = (days: number): PkiRequest => ({
  ...request,
  now: () => new Date(start.getTime() + days * DAY_MS),
});

/** The certificates as they are read from the files. */
function found({ trust, authorityKey, serving, client }: Pki): FoundPki {
  return { authority: { certificate: trust, key: authorityKey }, serving, ...(client && { client }) };
}

function lifeDays(pem: string): number {
  const { validFromDate, validToDate } = parseCertificate(pem);
  return (validToDate.getTime() - validFromDate.getTime()) / DAY_MS;
}

/** An authority as openssl makes it. */
async function foreignAuthority(...algorithm: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'pki-'));
  try {
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-nodes',
        '-newkey',
        ...algorithm,
        '-subj',
        '/CN=company',
        '-days',
        '30',
        '-set_serial',
        '7',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    );
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the certificates of a gate', () => {
  it('are created as requested', async () => {
    const pki = await completePki({}, request);
    const authority = parseCertificate(pki.trust);
    const serving = verifyKeyPair(pki.serving);
    const client = verifyKeyPair(pki.client ?? assert.fail('no client pair'));
    for (const leaf of [serving, client]) assert.ok(leaf.verify(authority.publicKey));
    assert.ok(
      serving.checkHost('localhost') && serving.checkHost('a.gate.example') && serving.checkIP('fd00::1'),
    );
    assert.equal(commonNameOf(client), 'kube-apiserver');
    assert.deepEqual(organizationsOf(client), ['a', 'b']);
    assert.equal(pki.created, true);
    assert.deepEqual([pki.trust, pki.serving.certificate].map(lifeDays), [3650, 365]);
    assert.equal((await completePki({}, { names: ['localhost'], now: () => start })).client, undefined);
  });

  it('stay unchanged while they are good', async () => {
    const first = await completePki({}, request);
    const { created, ...same } = first;
    assert.deepEqual(await completePki(found(first), at(200)), { ...same, created: false });
    assert.deepEqual(
      [created, await completePki(found(first), { ...at(1), names: ['localhost'] })],
      [true, { ...same, created: false }],
    );
  });

  it('flip: days and authorityDays set their validity', async () => {
    const pki = await completePki({}, { ...request, days: 6, authorityDays: 20 });
    assert.deepEqual(
      [pki.trust, pki.serving.certificate, pki.client?.certificate ?? ''].map(lifeDays),
      [20, 6, 6],
    );
  });

  it('keep their keys when a leaf is renewed; flip: `replace` replaces the keys', async () => {
    const first = await completePki({}, request);
    const changes: readonly PkiRequest[] = [at(300), { ...at(1), names: ['other.example'] }];
    for (const change of changes) {
      const renewed = await completePki(found(first), change);
      assert.notEqual(renewed.serving.certificate, first.serving.certificate);
      assert.equal(renewed.serving.key, first.serving.key);
      assert.ok(verifyKeyPair(renewed.serving).verify(parseCertificate(first.trust).publicKey));
      const replaced = await completePki(found(first), { ...change, replace: 'leaf-keys' });
      assert.notEqual(replaced.serving.key, first.serving.key);
      assert.equal(replaced.trust, first.trust);
    }
  });

  it('give the API server another certificate if its name changes', async () => {
    const first = await completePki({}, request);
    for (const client of [
      { commonName: 'x', organizations: ['a', 'b'] },
      { commonName: 'kube-apiserver' },
      { commonName: 'kube-apiserver', organizations: ['a', 'c'] },
    ]) {
      const changed = await completePki(found(first), { ...at(1), client });
      assert.equal(changed.client?.key, first.client?.key);
      assert.notEqual(changed.client?.certificate, first.client?.certificate);
      assert.equal(changed.serving.certificate, first.serving.certificate);
    }
  });

  it('are not renewed repeatedly if the authority ends first', async () => {
    const short = await completePki({}, { ...request, authorityDays: 30 });
    const again = await completePki(found(short), at(25));
    assert.equal(again.serving.certificate, short.serving.certificate);
  });

  it('come from a given authority, whose key is not stored', async () => {
    for (const algorithm of [
      ['rsa:2048'],
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    ]) {
      const authority = await foreignAuthority(...algorithm);
      const options = { ...request, authority, now: () => new Date() };
      const pki = await completePki({}, options);
      assert.equal(pki.trust, authority.certificate);
      assert.equal(pki.authorityKey, undefined);
      assert.ok(verifyKeyPair(pki.serving).verify(parseCertificate(authority.certificate).publicKey));
      assert.deepEqual(await completePki(found(pki), options), pki);
    }
  });

  it('refuse a second authority; flip: `replace: every-key` accepts it', async () => {
    const first = await completePki({}, request);
    const other = await createAuthority({ commonName: 'other', notBefore: start, days: 30 });
    const options = { ...at(1), authority: other };
    await assert.rejects(completePki(found(first), options), { code: 'AUTHORITY_CONFLICT' });
    await assert.rejects(completePki(found(first), { ...options, replace: 'leaf-keys' }), {
      code: 'AUTHORITY_CONFLICT',
    });
    const replaced = await completePki(found(first), { ...options, replace: 'every-key' });
    assert.equal(replaced.trust, other.certificate);
    assert.ok(verifyKeyPair(replaced.serving).verify(parseCertificate(other.certificate).publicKey));
    assert.equal(
      (
        await completePki(found(first), {
          ...at(1),
          authority: { certificate: first.trust, key: String(first.authorityKey) },
        })
      ).authorityKey,
      first.authorityKey,
    );
  });

  it('refuse an authority that cannot sign; flip: `replace` every key makes another', async () => {
    const first = await completePki({}, request);
    const { serving, authorityKey: key } = first;
    const bad: readonly (readonly [FoundPki['authority'] & object, string, number])[] = [
      [{ certificate: first.trust }, 'AUTHORITY_INCOMPLETE', 1],
      [{ key }, 'AUTHORITY_INCOMPLETE', 1],
      [{ certificate: first.trust, key: serving.key }, 'KEY_MISMATCH', 1],
      [{ certificate: first.trust, key: 'none' }, 'KEY_UNREADABLE', 1],
      [{ certificate: 'none', key }, 'CERTIFICATE_UNREADABLE', 1],
      [{ certificate: first.trust, key }, 'AUTHORITY_EXPIRED', 4000],
    ];
    for (const [authority, code, days] of bad) {
      await assert.rejects(completePki({ serving, authority }, at(days)), { name: 'CertificateError', code });
      const made = await completePki({ serving, authority }, { ...at(days), replace: 'every-key' });
      assert.equal(made.created, true, code);
    }
    await assert.rejects(completePki({}, { ...at(1), authority: serving }), { code: 'NOT_AN_AUTHORITY' });
  });

  it('stay unchanged during a rotation, while two authorities are trusted', async () => {
    const first = await completePki({}, request);
    const next = await createAuthority({ commonName: 'next', notBefore: start, days: 3650 });
    const bundle = renderBundle([parseCertificate(next.certificate), parseCertificate(first.trust)]);
    const found2: FoundPki = { ...found(first), authority: { certificate: bundle, key: next.key } };
    const same = await completePki(found2, at(1));
    assert.equal(same.serving.certificate, first.serving.certificate);
    assert.equal(same.trust, bundle);
    const renewed = await completePki(found2, at(300));
    assert.ok(
      verifyKeyPair(renewed.serving).verify(parseCertificate(next.certificate).publicKey),
      'the new one signs',
    );
  });
});
