import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AUTHORITY, extension, LEAF, makeOdd } from '#test/odd-certificates.ts';
import { createAuthority } from './authority.ts';
import { examine, type CertificateMaterial, type CertificateReport } from './examination.ts';
import { parseCertificate } from './inspect.ts';

const DAY_MS = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z');
const at = (days: number): Date => new Date(start.getTime() + days * DAY_MS);
const validity = { notBefore: start, days: 90 };
const authority = await createAuthority({ commonName: 'ours', notBefore: start, days: 300 });
const stranger = await createAuthority({ commonName: 'theirs', notBefore: start, days: 300 });
const serving = await authority.issueServing({
  commonName: 'gate',
  dnsNames: ['gate.example'],
  ipAddresses: ['10.0.0.1'],
  ...validity,
});
const client = await authority.issueClient({ commonName: 'kube-apiserver', ...validity });

/** The report of the first certificate of a material. */
function first(material: Partial<CertificateMaterial>, now = at(1)): CertificateReport {
  const certificates = [parseCertificate(serving.certificate)];
  const [report] = examine(
    { certificates, keys: [], trusted: undefined, calledBy: undefined, ...material },
    now,
  );
  return report ?? assert.fail('no report');
}

function problems(material: Partial<CertificateMaterial>, now?: Date): readonly string[] {
  return first(material, now).problems.map(({ code }) => code);
}

describe('the examination of a certificate', () => {
  const ours = parseCertificate(authority.certificate);
  const theirs = parseCertificate(stranger.certificate);

  it('reports subject, names, end and issuer', () => {
    const report = first({ trusted: [ours], keys: [serving.key], calledBy: 'gate.example' });
    const { role, subject, issuer, names, daysLeft, endsSoon, hasKey, signedBy } = report;
    assert.deepEqual(
      { role, subject, issuer, names, daysLeft, endsSoon, hasKey, signedBy },
      {
        role: 'serving',
        subject: 'CN=gate',
        issuer: 'CN=ours',
        names: ['gate.example', '10.0.0.1'],
        daysLeft: 89,
        endsSoon: false,
        hasKey: true,
        signedBy: 'CN=ours',
      },
    );
    assert.deepEqual(report.problems, []);
  });

  it('recognises an authority and a client by their allowed usages', () => {
    assert.equal(first({ certificates: [ours] }).role, 'authority');
    assert.equal(first({ certificates: [parseCertificate(client.certificate)] }).role, 'client');
  });

  it('finds each problem, and none in a client certificate without names', () => {
    const nameless = parseCertificate(client.certificate);
    const cases: readonly (readonly [
      what: string,
      codes: readonly string[],
      material: Partial<CertificateMaterial>,
      now?: Date,
    ])[] = [
      ['expired', ['CERTIFICATE_EXPIRED'], {}, at(91)],
      ['its last second', [], {}, at(90)],
      ['not yet valid', ['CERTIFICATE_NOT_YET_VALID'], {}, at(-1)],
      ['the key of another', ['CERTIFICATE_KEY_MISMATCH'], { keys: [client.key] }],
      ['its key among others', [], { keys: [client.key, serving.key] }],
      ['called by another name', ['CERTIFICATE_NAME_MISSING'], { calledBy: 'other.example' }],
      ['called by another address', ['CERTIFICATE_NAME_MISSING'], { calledBy: '10.0.0.2' }],
      ['called by its address', [], { calledBy: '10.0.0.1' }],
      ['not signed by a trusted authority', ['CERTIFICATE_NOT_TRUSTED'], { trusted: [theirs] }],
      ['signed by one of two', [], { trusted: [theirs, ours] }],
      ['trusted itself', [], { trusted: [parseCertificate(serving.certificate)] }],
      [
        'signed by who has expired',
        ['CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_TRUSTED'],
        { trusted: [ours] },
        at(301),
      ],
      ['a client', [], { certificates: [nameless] }],
    ];
    for (const [what, codes, material, now] of cases) assert.deepEqual(problems(material, now), codes, what);
  });

  it('finds a server without names', async () => {
    const certificates = [parseCertificate(await namelessServer())];
    assert.deepEqual(problems({ certificates }, new Date()), ['CERTIFICATE_WITHOUT_NAMES']);
  });

  it('reports that the end is near', () => {
    assert.deepEqual([first({}, at(59)).endsSoon, first({}, at(61)).endsSoon], [false, true]);
    assert.equal(first({}, at(92)).daysLeft, -2);
  });
});

describe('X01 the examination of a certificate', () => {
  const { constraints, usage, extended, loopback } = extension;
  const now = new Date();

  it('names the extension that does not allow what the certificate is for', async () => {
    const cases = [
      ['client', [extended('clientAuth'), usage('keyEncipherment')], /^its key usage is key encipherment/],
      ['serving', [...LEAF, extended('codeSigning'), loopback()], /^its extended key usage is codeSigning/],
      [
        'authority',
        [constraints(true), usage('cRLSign')],
        /^its key usage is CRL sign, without certificate sign$/,
      ],
      ['authority', [...AUTHORITY, extended('codeSigning')], /^its extended key usage is codeSigning/],
    ] as const;
    for (const [role, extensions, message] of cases) {
      const certificates = [parseCertificate((await makeOdd({ name: 'odd', extensions })).certificate)];
      const report = first({ certificates }, now);
      assert.deepEqual(
        [report.role, report.problems.map(({ code }) => code)],
        [role, ['CERTIFICATE_UNSUITABLE']],
      );
      assert.match(report.problems[0]?.message ?? '', message);
    }
  });

  it('shows the extended key usage, because a certificate for servers is no fault in itself', async () => {
    const extensions = [extended('serverAuth'), loopback()];
    const certificates = [
      parseCertificate((await makeOdd({ name: 'kube-apiserver', extensions })).certificate),
    ];
    const { extendedKeyUsage, problems: found } = first({ certificates }, now);
    assert.deepEqual({ extendedKeyUsage, found }, { extendedKeyUsage: ['serverAuth'], found: [] });
  });

  it('finds an authority that may sign nothing by what it signed', async () => {
    const no = await makeOdd({ name: 'no-ca', extensions: [constraints(false)] });
    const leaf = parseCertificate(
      (await makeOdd({ name: 'leaf', issuer: no, extensions: [loopback()] })).certificate,
    );
    const authorities = [parseCertificate(no.certificate)];
    const report = first({ certificates: authorities, beside: [leaf] }, now);
    assert.deepEqual(report.role, 'authority');
    assert.deepEqual(report.problems, [
      {
        code: 'CERTIFICATE_UNSUITABLE',
        message: 'its basic constraints are CA:FALSE, so it may sign no certificate, but it signed CN=leaf',
      },
    ]);
    assert.deepEqual(first({ certificates: [leaf], trusted: authorities }, now).problems, [
      {
        code: 'CERTIFICATE_NOT_TRUSTED',
        message:
          'CN=no-ca signed it, but clients do not accept that: its basic constraints are CA:FALSE, so it may sign no certificate',
      },
    ]);
  });
});

/** A certificate without subject alternative names, as older versions of openssl made them. */
async function namelessServer(): Promise<string> {
  await import('reflect-metadata');
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=old.example',
    keys,
    signingAlgorithm: algorithm,
  });
  return made.toString('pem');
}
