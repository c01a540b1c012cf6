import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  dayAfter,
  gateAuthority,
  ISSUED,
  otherAuthority,
  servedChain,
  servingPair,
} from '#test/gate-certificates.ts';
import * as x509 from '@peculiar/x509';
import { parseCertificate } from '../../certificate/inspect.ts';
import {
  examineLeaf,
  examineValidity,
  issuersOf,
  parseBundle,
  isValidFor,
  type ValidityCodes,
} from './chain.ts';

const leaf = parseCertificate(servingPair.certificate);
const authority = parseCertificate(gateAuthority.certificate);

/** A certificate of 90 days that is signed with SHA-1. */
async function weakCertificate(): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-1' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=weak',
    keys,
    notBefore: ISSUED,
    notAfter: dayAfter(90),
    signingAlgorithm: algorithm,
  });
  return certificate.toString('pem');
}

describe('a serving certificate', () => {
  const codesAt = (days: number): readonly string[] =>
    examineLeaf(leaf, dayAfter(days), 'gate').map(({ code }) => code);

  it('has no finding in the first two thirds of its life', () => {
    assert.deepEqual(codesAt(0), []);
    assert.deepEqual(codesAt(59), []);
  });
  it('ends soon in its last third', () => assert.deepEqual(codesAt(61), ['CERTIFICATE_EXPIRING']));
  it('has ended', () => assert.deepEqual(codesAt(91), ['CERTIFICATE_EXPIRED']));
  it('is not valid yet', () => assert.deepEqual(codesAt(-1), ['CERTIFICATE_NOT_YET_VALID']));
  it('is signed with SHA-1', async () => {
    const weak = parseCertificate(await weakCertificate());
    assert.deepEqual(
      examineLeaf(weak, dayAfter(1), 'gate').map(({ code }) => code),
      ['CERTIFICATE_WEAK'],
    );
  });

  it('is valid for its subject alternative names only', () => {
    const names = [
      'kube-image-bouncer.kube-image-bouncer.svc',
      '127.0.0.1',
      'kube-image-bouncer',
      '127.0.0.2',
    ];
    assert.deepEqual(
      names.map((name) => isValidFor(leaf, name)),
      [true, true, false, false],
    );
  });
});

describe('the lifetime of a certificate', () => {
  const CASES: readonly (readonly [codes: ValidityCodes, all: readonly string[]])[] = [
    [
      { over: 'CERTIFICATE_EXPIRED', ending: 'CERTIFICATE_EXPIRING' },
      ['CERTIFICATE_EXPIRING', 'CERTIFICATE_EXPIRED'],
    ],
    [{ over: 'CA_EXPIRED', ending: 'CA_EXPIRING' }, ['CA_EXPIRING', 'CA_EXPIRED']],
    [
      { over: 'CLIENT_CERTIFICATE_EXPIRED', ending: 'CLIENT_CERTIFICATE_EXPIRING' },
      ['CLIENT_CERTIFICATE_EXPIRING', 'CLIENT_CERTIFICATE_EXPIRED'],
    ],
  ];
  for (const [codes, all] of CASES)
    it(`is reported as ${all.join(' and then as ')}`, () =>
      assert.deepEqual(
        [1, 61, 91]
          .flatMap((days) => examineValidity(leaf, dayAfter(days), 'x', codes))
          .map(({ code }) => code),
        all,
      ));

  it('of a CA for ten years ends soon in its last three months', () => {
    const codes = { over: 'CA_EXPIRED', ending: 'CA_EXPIRING' } as const;
    const counts = [3650 - 92, 3650 - 90].map(
      (days) => examineValidity(authority, dayAfter(days), 'x', codes).length,
    );
    assert.deepEqual(counts, [0, 1]);
  });
});

describe('a bundle', () => {
  it('holds every certificate of its text', () => {
    const bundle = parseBundle(`# two\n${gateAuthority.certificate}${otherAuthority.certificate}`);
    assert.deepEqual(bundle?.length, 2);
    assert.deepEqual(
      issuersOf(servedChain, bundle ?? []).map(({ raw }) => raw.equals(authority.raw)),
      [true],
    );
  });
  it('without a readable certificate is none', () => {
    assert.equal(parseBundle('x'), undefined);
    assert.equal(parseBundle('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), undefined);
  });
});
