import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { CertificateError } from '../../certificate/errors.ts';
import { parseCertificate } from '../../certificate/inspect.ts';
import { finding, type Finding } from '../finding.ts';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text; `undefined` if it has none, or one that cannot be read. */
export function parseBundle(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(PEM_CERTIFICATE);
  if (blocks === null) return undefined;
  try {
    return blocks.map(parseCertificate);
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

/** Whether a certificate is valid for a name or an address. Go ignores the common name since 1.15. */
export function isValidFor(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined;
}

/** The authorities of `trust` that have signed the leaf of a chain, or an intermediate certificate of the chain. */
export function issuersOf(
  chain: readonly X509Certificate[],
  trust: readonly X509Certificate[],
): readonly X509Certificate[] {
  const signed = chain.filter(
    (one, index) => index === 0 || chain.slice(0, index).some((below) => isSigned(below, one)),
  );
  return trust.filter((authority) =>
    // A certificate of the chain can itself be in `trust`.
    signed.some((one) => isSigned(one, authority) || one.raw.equals(authority.raw)),
  );
}

function isSigned(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Checks the lifetime of a leaf, and its signature algorithm. */
export function examineLeaf(leaf: X509Certificate, now: Date, subject: string): readonly Finding[] {
  const { signatureAlgorithm = '' } = leaf;
  return [
    ...examineValidity(leaf, now, subject, {
      over: 'CERTIFICATE_EXPIRED',
      ending: 'CERTIFICATE_EXPIRING',
    }),
    ...(now < leaf.validFromDate
      ? [finding('CERTIFICATE_NOT_YET_VALID', subject, `it is valid from ${dayOf(leaf.validFromDate)}`)]
      : []),
    ...(/sha1(?!\d)|md5/i.test(signatureAlgorithm)
      ? [finding('CERTIFICATE_WEAK', subject, `it is signed with ${signatureAlgorithm}`)]
      : []),
  ];
}

/** The code for a certificate that has ended, and the code for one that ends soon. */
export interface ValidityCodes {
  readonly over: 'CERTIFICATE_EXPIRED' | 'CA_EXPIRED' | 'CLIENT_CERTIFICATE_EXPIRED';
  readonly ending: 'CERTIFICATE_EXPIRING' | 'CA_EXPIRING' | 'CLIENT_CERTIFICATE_EXPIRING';
}

/** A leaf is renewed before the last third of its lifetime. A CA for years is reported in its last three months. */
export function examineValidity(
  certificate: X509Certificate,
  now: Date,
  subject: string,
  codes: ValidityCodes,
): readonly Finding[] {
  const end = certificate.validToDate;
  if (now > end) return [finding(codes.over, subject, `it ended on ${dayOf(end)}`)];
  const lifeMs = end.getTime() - certificate.validFromDate.getTime();
  const left = end.getTime() - now.getTime();
  const warnedMs = certificate.ca ? Math.min(lifeMs / 3, YEAR_MS / 4) : lifeMs / 3;
  return left < warnedMs ? [finding(codes.ending, subject, `it ends on ${dayOf(end)}`)] : [];
}

const YEAR_MS = 365 * 86_400_000;

function dayOf(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
