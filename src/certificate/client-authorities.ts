import type { X509Certificate } from 'node:crypto';
import { CertificateError } from './errors.ts';
import { isCurrent, nameOf, parseCertificates } from './inspect.ts';
import { findUseFaults } from './use.ts';

/** The authorities of a bundle that client certificates can come from. */
export interface ClientAuthorities {
  /** At least one. Some of them can have ended, or begin later. */
  readonly certificates: readonly X509Certificate[];
  /** Why each other certificate of the bundle is ignored: `CN=a: its basic constraints are CA:FALSE …`. */
  readonly ignored: readonly string[];
}

/**
 * Reads the authorities of client certificates. A certificate that may sign no client certificate is ignored.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, or NOT_AN_AUTHORITY if no certificate remains
 */
export function readClientAuthorities(pem: string): ClientAuthorities {
  const found = parseCertificates(pem).map((certificate) => ({
    certificate,
    faults: findUseFaults(certificate, 'client authority'),
  }));
  const ignored = found.flatMap(({ certificate, faults: [fault] }) =>
    fault === undefined ? [] : [`${nameOf(certificate)}: ${fault}`],
  );
  const certificates = found.flatMap(({ certificate, faults }) => (faults.length === 0 ? [certificate] : []));
  if (certificates.length > 0) return { certificates, ignored };
  throw new CertificateError(
    'NOT_AN_AUTHORITY',
    `no certificate in the file may sign client certificates, so no client could connect: ${ignored.join('; ')}`,
  );
}

/** Why no client can connect now: every authority has ended, or begins later. `undefined` if one is valid. */
export function findAuthorityEnd({ certificates }: ClientAuthorities, now: Date): string | undefined {
  if (certificates.some((certificate) => isCurrent(certificate, now))) return undefined;
  const periods = certificates.map(
    (certificate) =>
      `${nameOf(certificate)} is valid from ${certificate.validFrom} to ${certificate.validTo}`,
  );
  return `no CA of clients is valid now, so no client can connect: ${periods.join('; ')}`;
}

/**
 * Reads the authorities of client certificates, of which at least one must be valid now.
 *
 * @throws {CertificateError} as {@link readClientAuthorities} does, or AUTHORITY_EXPIRED
 */
export function requireClientAuthorities(pem: string, now: Date): ClientAuthorities {
  const authorities = readClientAuthorities(pem);
  const end = findAuthorityEnd(authorities, now);
  if (end === undefined) return authorities;
  throw new CertificateError('AUTHORITY_EXPIRED', end);
}
