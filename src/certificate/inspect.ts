import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CertificateError } from './errors.ts';
import { explainWrongPem } from './wrong-pem.ts';

const MONTH_MS = 30 * 86_400_000;

/** Subject alternative names of a certificate. IPv6 addresses as Node prints them: `0:0:0:0:0:0:0:1`. */
interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly uri: readonly string[];
}

/**
 * The first certificate of a PEM text.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE if there is none
 */
export function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const why = explainWrongPem(pem, 'certificate') ?? 'the certificate is not readable PEM';
    throw new CertificateError('CERTIFICATE_UNREADABLE', why, { cause });
  }
}

const END_CERTIFICATE = '-----END CERTIFICATE-----';
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g;

// A line that starts with dashes and is no complete boundary. A complete key may follow the certificates.
const CUT_BOUNDARY = /^-(?!----(?:BEGIN|END) [A-Z\d ]+-----\s*$)/m;

/**
 * All certificates of a PEM text, at least one, in their order.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE if one of them is not readable, if there is none, or if the text is cut
 * off in a boundary after the last, because OpenSSL silently skips unreadable parts. A cut between two certificates cannot
 * be detected.
 */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  const rest = pem.slice(pem.lastIndexOf(END_CERTIFICATE) + END_CERTIFICATE.length);
  if (pem.includes(END_CERTIFICATE) && CUT_BOUNDARY.test(rest))
    throw new CertificateError('CERTIFICATE_UNREADABLE', 'what follows the last certificate is cut off');
  return (pem.match(PEM_CERTIFICATE) ?? [pem]).map(parseCertificate);
}

/** The readable certificates of a PEM text, to recognise them. Unreadable parts are skipped. */
export function findCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).flatMap((part) => {
    try {
      return [new X509Certificate(part)];
    } catch {
      return [];
    }
  });
}

/** Certificates as one PEM text, without duplicates. */
export function renderBundle(certificates: readonly X509Certificate[]): string {
  return [...new Set(certificates.map(String))].join('');
}

/** Whether `authority` signed the certificate. Names and signature are checked. */
export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Whether `authority` signed the certificate, also if its extensions do not allow that. */
export function hasSigned(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.issuer === authority.subject && certificate.verify(authority.publicKey);
}

/**
 * The private key of a PEM text.
 *
 * @throws {CertificateError} KEY_UNREADABLE if there is none, or if it is encrypted
 */
export function parsePrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const why = explainWrongPem(pem, 'private key') ?? 'the private key is not readable PEM';
    throw new CertificateError('KEY_UNREADABLE', why, { cause });
  }
}

/**
 * The first certificate of a chain, after checking that the whole chain is readable and that the key belongs to it.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE, or KEY_MISMATCH if they are not a pair
 */
export function verifyKeyPair(pair: { readonly certificate: string; readonly key: string }): X509Certificate {
  const certificate = parseCertificate(pair.certificate);
  const chain = parseCertificates(pair.certificate);
  const key = parsePrivateKey(pair.key);
  if (certificate.checkPrivateKey(key)) return certificate;
  const own = chain.findIndex((one) => one.checkPrivateKey(key));
  throw new CertificateError(
    'KEY_MISMATCH',
    own === -1
      ? 'the private key does not belong to the certificate'
      : `the private key belongs to certificate ${own + 1} of the file, and not to the first one: put that certificate first, before the CAs that signed it`,
  );
}

/** Whether `at` lies within the validity of the certificate, both ends included (RFC 5280 §4.1.2.5). */
export function isCurrent(certificate: X509Certificate, at: Date): boolean {
  return certificate.validFromDate <= at && at <= certificate.validToDate;
}

/** When to warn about its end: in the last third of its life, and at most 30 days before. */
export function warningTime({ validFromDate, validToDate }: X509Certificate): Date {
  const third = (validToDate.getTime() - validFromDate.getTime()) / 3;
  return new Date(validToDate.getTime() - Math.min(third, MONTH_MS));
}

/** Subject alternative names. The common name is not among them, because clients no longer check it (Go since 1.15). */
export function namesOf(certificate: X509Certificate): CertificateNames {
  const entries = parseSubjectAltName(certificate.subjectAltName ?? '');
  const valuesOf = (type: string) =>
    entries.filter((entry) => entry.type === type).map((entry) => entry.value);
  return { dns: valuesOf('DNS'), ip: valuesOf('IP Address'), uri: valuesOf('URI') };
}

/** The subject of a certificate, or its issuer, on one line: `O=acme, CN=gate`. Node prints one attribute on each line. */
export function nameOf(certificate: X509Certificate, whose: 'subject' | 'issuer' = 'subject'): string {
  return ((certificate[whose] as string | undefined) ?? '').split('\n').join(', ');
}

/**
 * The attributes of a subject by their names. If this is the first use of TLS in a process, Node 24 loads its TLS modules in an
 * order that leaves `node:tls` without `createSecureContext`, so that every later connection fails. Therefore `node:tls` is loaded
 * before.
 */
function attributesOf(certificate: X509Certificate): ReturnType<X509Certificate['toLegacyObject']> {
  process.getBuiltinModule('node:tls');
  return certificate.toLegacyObject();
}

/** The common name of the subject; `undefined` if there is none or more than one. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  const name: unknown = attributesOf(certificate).subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

/** The organizations of the subject: the groups of a client in Kubernetes. */
export function organizationsOf(certificate: X509Certificate): readonly string[] {
  const organizations: unknown = attributesOf(certificate).subject?.O;
  const list: readonly unknown[] = Array.isArray(organizations) ? organizations : [organizations];
  return list.filter((organization) => typeof organization === 'string');
}

// `DNS:a.example, IP Address:10.0.0.1, URI:"spiffe://x/one, two"`. Values with a comma, a quote or a control character
// are printed as JSON strings. Splitting at commas would take one name apart.
const SUBJECT_ALT_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

function parseSubjectAltName(text: string): { type: string; value: string }[] {
  return Array.from(text.matchAll(SUBJECT_ALT_NAME), ([, type = '', value = '']) => ({
    type,
    value: value.startsWith('"') ? String(JSON.parse(value)) : value,
  }));
}
