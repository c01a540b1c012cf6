import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readUseExtensions } from './extensions.ts';
import {
  hasSigned,
  isCurrent,
  isIssuedBy,
  nameOf,
  namesOf,
  parsePrivateKey,
  warningTime,
} from './inspect.ts';
import { extendedKeyUsagesOf, findNameFault, findUseFaults } from './use.ts';

/** Certificates from one source, the leaf first. */
export interface CertificateMaterial {
  readonly certificates: readonly X509Certificate[];
  /** PEM of the private keys that were found with them. */
  readonly keys: readonly string[];
  /** The certificates that clients trust, if known. */
  readonly trusted: readonly X509Certificate[] | undefined;
  /** Certificates of other sources, which show what each one is for. @default none */
  readonly beside?: readonly X509Certificate[];
  /** The name or address that clients use for the server, if known. */
  readonly calledBy: string | undefined;
}

type CertificateProblemCode =
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_KEY_MISMATCH'
  | 'CERTIFICATE_UNSUITABLE'
  | 'CERTIFICATE_WITHOUT_NAMES'
  | 'CERTIFICATE_NAME_MISSING'
  | 'CERTIFICATE_NOT_TRUSTED';

/** A reason for clients to refuse the connection. */
interface CertificateProblem {
  readonly code: CertificateProblemCode;
  readonly message: string;
}

/** Data and problems of one certificate. */
export interface CertificateReport {
  readonly role: 'authority' | 'serving' | 'client';
  readonly subject: string;
  readonly issuer: string;
  /** DNS names, addresses and URIs. */
  readonly names: readonly string[];
  /** Names of the extended key usages, such as `serverAuth`; `undefined` if every use is allowed. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Whole days; negative after its end. */
  readonly daysLeft: number;
  readonly endsSoon: boolean;
  readonly fingerprint: string;
  /** Whether one of the given keys belongs to the certificate; `undefined` if it needs no key. */
  readonly hasKey: boolean | undefined;
  /** Subject of its issuer, if that is among the certificates. */
  readonly signedBy: string | undefined;
  readonly problems: readonly CertificateProblem[];
}

const DAY_MS = 86_400_000;

/** Examines certificates from one source. */
export function examine(material: CertificateMaterial, now: Date): readonly CertificateReport[] {
  return material.certificates.map((certificate, index) =>
    examineOne(certificate, index === 0, material, now),
  );
}

function examineOne(
  certificate: X509Certificate,
  isFirst: boolean,
  material: CertificateMaterial,
  now: Date,
): CertificateReport {
  const { dns, ip, uri } = namesOf(certificate);
  const known = [...(material.trusted ?? []), ...material.certificates];
  const signed = [...known, ...(material.beside ?? [])].find(
    (other) => !other.raw.equals(certificate.raw) && hasSigned(certificate, other),
  );
  const role = roleOf(certificate, signed !== undefined);
  const signedBy = known.find((authority) => authority.ca && isIssuedBy(certificate, authority));
  const owns = material.keys.some((key) => certificate.checkPrivateKey(parsePrivateKey(key)));
  const hasKey = material.keys.length > 0 && (owns || isFirst) ? owns : undefined;
  return {
    role,
    subject: nameOf(certificate),
    issuer: nameOf(certificate, 'issuer'),
    names: [...dns, ...ip, ...uri],
    extendedKeyUsage: extendedKeyUsagesOf(certificate),
    validFrom: certificate.validFromDate,
    validTo: certificate.validToDate,
    daysLeft: Math.floor((certificate.validToDate.getTime() - now.getTime()) / DAY_MS),
    endsSoon: now >= warningTime(certificate),
    fingerprint: certificate.fingerprint256,
    hasKey,
    signedBy: signedBy && nameOf(signedBy),
    problems: [
      ...findValidityProblem(certificate, now),
      ...(hasKey === false
        ? [problem('CERTIFICATE_KEY_MISMATCH', 'none of the given private keys belongs to it')]
        : []),
      ...findUseProblem(certificate, role, signed),
      ...(role === 'serving' ? findNameProblem(certificate, isFirst ? material.calledBy : undefined) : []),
      ...(isFirst ? findTrustProblem(material, now) : []),
    ],
  };
}

/** A certificate that signed another one was meant to be an authority, whatever its extensions say. */
function roleOf(certificate: X509Certificate, hasSignedAnother: boolean): CertificateReport['role'] {
  if (hasSignedAnother || readUseExtensions(certificate)?.isAuthority === true) return 'authority';
  const usages = extendedKeyUsagesOf(certificate) ?? [];
  return usages.includes('clientAuth') && !usages.includes('serverAuth') ? 'client' : 'serving';
}

/** The name of a server has a code of its own. */
function findUseProblem(
  certificate: X509Certificate,
  role: CertificateReport['role'],
  signed: X509Certificate | undefined,
): readonly CertificateProblem[] {
  switch (role) {
    case 'authority': {
      // An authority for one of the two sides is in order.
      const [fault, other] = [
        ...findUseFaults(certificate, 'server authority').slice(0, 1),
        ...findUseFaults(certificate, 'client authority').slice(0, 1),
      ];
      if (fault === undefined || other === undefined) return [];
      const what = signed === undefined ? '' : `, but it signed ${nameOf(signed)}`;
      return [problem('CERTIFICATE_UNSUITABLE', fault + what)];
    }
    case 'client':
      return findUseFaults(certificate, 'client').map((fault) => problem('CERTIFICATE_UNSUITABLE', fault));
    case 'serving':
      return findUseFaults(certificate, 'server')
        .filter((fault) => fault.includes('key usage'))
        .map((fault) => problem('CERTIFICATE_UNSUITABLE', fault));
  }
}

function findValidityProblem(certificate: X509Certificate, now: Date): readonly CertificateProblem[] {
  if (isCurrent(certificate, now)) return [];
  return now < certificate.validFromDate
    ? [problem('CERTIFICATE_NOT_YET_VALID', `valid only from ${certificate.validFrom}; check the clock`)]
    : [problem('CERTIFICATE_EXPIRED', `valid until ${certificate.validTo}; rotate it`)];
}

function findNameProblem(
  certificate: X509Certificate,
  calledBy: string | undefined,
): readonly CertificateProblem[] {
  const fault = findNameFault(certificate);
  if (fault !== undefined) return [problem('CERTIFICATE_WITHOUT_NAMES', fault)];
  if (calledBy === undefined) return [];
  const isCovered =
    isIP(calledBy) === 0
      ? certificate.checkHost(calledBy, { subject: 'never' })
      : certificate.checkIP(calledBy);
  return isCovered === undefined
    ? [problem('CERTIFICATE_NAME_MISSING', `it has no name ${calledBy}, which was used to connect`)]
    : [];
}

/** Follows the chain from the leaf to a trusted certificate, or to a self-signed one. */
function findTrustProblem(
  { certificates, trusted }: CertificateMaterial,
  now: Date,
): readonly CertificateProblem[] {
  const [leaf, ...others] = certificates;
  if (trusted === undefined || leaf === undefined) return [];
  const anchors = new Set(trusted.map(({ fingerprint256 }) => fingerprint256));
  const path = new Set<string>();
  let current: X509Certificate | undefined = leaf;
  while (current !== undefined && !path.has(current.fingerprint256)) {
    if (anchors.has(current.fingerprint256)) return [];
    path.add(current.fingerprint256);
    const signed: X509Certificate = current;
    current = [...trusted, ...others].find(
      (authority) => authority.ca && isCurrent(authority, now) && isIssuedBy(signed, authority),
    );
  }
  const useless = trusted.find((authority) => hasSigned(authority, leaf) && !authority.ca);
  const [fault] = useless === undefined ? [] : findUseFaults(useless, 'server authority');
  return [
    problem(
      'CERTIFICATE_NOT_TRUSTED',
      useless === undefined || fault === undefined
        ? `it is not signed by a trusted authority: ${trusted.map((authority) => nameOf(authority)).join('; ')}`
        : `${nameOf(useless)} signed it, but clients do not accept that: ${fault}`,
    ),
  ];
}

function problem(code: CertificateProblemCode, message: string): CertificateProblem {
  return { code, message };
}
