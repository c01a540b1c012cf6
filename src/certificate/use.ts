import type { X509Certificate } from 'node:crypto';
import { readUseExtensions, type UseExtensions } from './extensions.ts';
import { commonNameOf, namesOf } from './inspect.ts';

/**
 * What a certificate is used for. The API server checks what a server shows (Go's crypto/x509), and the gate checks what
 * a client shows (OpenSSL).
 */
export type CertificateUse = 'server' | 'client' | 'server authority' | 'client authority';

/** A common name that can be the name of a host, and that a shell reads as one word. */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** Names of extended key usages by their object identifiers. */
const EXTENDED_NAMES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

/** The extended key usages of which a certificate needs one, if it has that extension. The first one is named in messages. */
const EXTENDED: Readonly<Record<CertificateUse, readonly string[]>> = {
  server: ['serverAuth', 'anyExtendedKeyUsage'],
  'server authority': ['serverAuth', 'anyExtendedKeyUsage'],
  // OpenSSL does not read `anyExtendedKeyUsage` as `clientAuth`.
  client: ['clientAuth'],
  'client authority': ['clientAuth'],
};

/** The key usages of which a certificate needs one, if it has that extension. Go does not check that of a server. */
const KEY: Readonly<Record<CertificateUse, readonly string[]>> = {
  server: [],
  'server authority': ['certificate sign'],
  client: ['digital signature', 'key agreement'],
  'client authority': ['certificate sign'],
};

/** Names of the extended key usages of a certificate; `undefined` if it has no such extension, which allows every use. */
export function extendedKeyUsagesOf(certificate: X509Certificate): readonly string[] | undefined {
  return readUseExtensions(certificate)?.extendedKeyUsage?.map((id) => EXTENDED_NAMES[id] ?? id);
}

/**
 * Why the other side would refuse a certificate for this use, whatever its dates and its issuer are. Each reason names the
 * extension, and has the certificate as its subject: `its extended key usage is serverAuth, without clientAuth`.
 */
export function findUseFaults(certificate: X509Certificate, use: CertificateUse): readonly string[] {
  const extensions = readUseExtensions(certificate);
  if (extensions === undefined) return [];
  const nameless = use === 'server' ? findNameFault(certificate) : undefined;
  return [
    ...(use.endsWith('authority') ? findConstraintFault(extensions, use) : []),
    ...findUsageFault('extended key usage', extendedKeyUsagesOf(certificate), EXTENDED[use]),
    ...findUsageFault('key usage', extensions.keyUsage, KEY[use]),
    ...(nameless === undefined ? [] : [nameless]),
  ];
}

function findConstraintFault(
  { version, isAuthority, keyUsage }: UseExtensions,
  use: CertificateUse,
): readonly string[] {
  if (isAuthority === false) return ['its basic constraints are CA:FALSE, so it may sign no certificate'];
  // Certificates of version 1 have no extensions. Both sides accept an authority of version 1.
  if (isAuthority === true || version < 3) return [];
  // OpenSSL accepts `certificate sign` instead. Go does not.
  if (use === 'client authority' && keyUsage?.includes('certificate sign') === true) return [];
  return ['it has no basic constraints, so it may sign no certificate'];
}

function findUsageFault(
  extension: string,
  allowed: readonly string[] | undefined,
  needed: readonly string[],
): readonly string[] {
  const [named] = needed;
  if (named === undefined || allowed === undefined || needed.some((one) => allowed.includes(one))) return [];
  return [`its ${extension} is ${allowed.length === 0 ? 'empty' : allowed.join(', ')}, without ${named}`];
}

/** Why no client can call a server with this certificate by its name; `undefined` if it has subject alternative names. */
export function findNameFault(certificate: X509Certificate): string | undefined {
  const { dns, ip } = namesOf(certificate);
  if (dns.length + ip.length > 0) return undefined;
  const common = commonNameOf(certificate);
  const names = common !== undefined && HOST_NAME.test(common) ? common : 'NAMES';
  const only = names === 'NAMES' ? '' : `, only the common name ${names}, which clients do not check`;
  return `it has no subject alternative name${only}; make one with names: kube-image-bouncer certificate create FOLDER --host-names ${names}`;
}
