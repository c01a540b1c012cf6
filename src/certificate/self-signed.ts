import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Authority, KeyPair } from './authority.ts';
import { CertificateError } from './errors.ts';
import { isCurrent, parseCertificate, verifyKeyPair } from './inspect.ts';
import { createText, ensureFolder, readText, replaceText } from './state-folder.ts';

export interface SelfSignedOptions {
  /** Holds `ca.crt`, `ca.key`, `tls.crt` and `tls.key`; made when missing. */
  readonly folder: string;
  /** DNS names and IP addresses that clients call the server by. */
  readonly names: readonly string[];
  readonly now: () => Date;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Two thirds of it are used. @default 90 */
  readonly servingDays?: number;
}

export interface SelfSigned {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** What clients have to trust. */
  readonly authorityFile: string;
  /** The authority is new, so nobody trusts it yet. */
  readonly created: boolean;
}

const COMMON_NAME = 'kube-image-bouncer';
const HOUR_MS = 3_600_000;

/**
 * Files of a serving certificate and of the authority behind it, made on the first start and reused after that. A
 * leaf that is past two thirds of its life, lacks a name or belongs to another authority is replaced under the same
 * authority; call it again from time to time. An authority is never replaced: its clients would lose the server.
 *
 * @throws {CertificateError} AUTHORITY_EXPIRED, AUTHORITY_INCOMPLETE (one of `ca.crt` and `ca.key` is missing),
 * CERTIFICATE_UNREADABLE, KEY_UNREADABLE, KEY_MISMATCH, NOT_AN_AUTHORITY, NAME_INVALID or STATE_FOLDER_UNWRITABLE.
 */
export async function ensureSelfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const files = {
    authorityFile: join(options.folder, 'ca.crt'),
    certificateFile: join(options.folder, 'tls.crt'),
    keyFile: join(options.folder, 'tls.key'),
  };
  const authorityKeyFile = join(options.folder, 'ca.key');
  await ensureFolder(options.folder);
  const authorityPair = await readAuthority(files.authorityFile, authorityKeyFile);
  const serving = { certificate: await readText(files.certificateFile), key: await readText(files.keyFile) };
  if (
    authorityPair !== undefined &&
    isUsable(serving, requireCurrent(authorityPair, options.now()), options)
  ) {
    return { ...files, created: false };
  }
  // Loading the X.509 library takes longer than the rest of a start; most starts need none of it.
  const { createAuthority, loadAuthority } = await import('./authority.ts');
  const authority =
    authorityPair === undefined
      ? await createAuthority({
          commonName: `${COMMON_NAME} authority`,
          ...validity(options, options.authorityDays ?? 3650),
        })
      : await loadAuthority(authorityPair);
  const leaf = await issueLeaf(authority, options);
  if (authorityPair === undefined) {
    await createText(authorityKeyFile, authority.key);
    await replaceText(files.authorityFile, authority.certificate);
  }
  await replaceText(files.keyFile, leaf.key);
  await replaceText(files.certificateFile, leaf.certificate);
  return { ...files, created: authorityPair === undefined };
}

async function readAuthority(certificateFile: string, keyFile: string): Promise<KeyPair | undefined> {
  const [certificate, key] = [await readText(certificateFile), await readText(keyFile)];
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  const missing = certificate === undefined ? certificateFile : keyFile;
  throw new CertificateError(
    'AUTHORITY_INCOMPLETE',
    `${missing}: missing; restore it, or delete its folder to start anew`,
  );
}

function requireCurrent(pair: KeyPair, now: Date): X509Certificate {
  const authority = verifyKeyPair(pair);
  if (isCurrent(authority, now)) return authority;
  throw new CertificateError(
    'AUTHORITY_EXPIRED',
    `the authority is valid from ${authority.validFrom} to ${authority.validTo}, which is not now; delete its folder to start anew`,
  );
}

function isUsable(
  { certificate, key }: { certificate: string | undefined; key: string | undefined },
  authority: X509Certificate,
  { names, now }: SelfSignedOptions,
): boolean {
  if (certificate === undefined || key === undefined || !isPair({ certificate, key })) return false;
  const leaf = parseCertificate(certificate);
  return (
    leaf.checkIssued(authority) &&
    leaf.verify(authority.publicKey) &&
    isCurrent(leaf, now()) &&
    now().getTime() < renewalTime(leaf) &&
    names.every((name) => covers(leaf, name))
  );
}

/** A torn pair, left by a crash between its two files, is no failure: the next leaf replaces it. */
function isPair(pair: KeyPair): boolean {
  try {
    return verifyKeyPair(pair) !== undefined;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}

function renewalTime({ validFromDate, validToDate }: X509Certificate): number {
  return validToDate.getTime() - (validToDate.getTime() - validFromDate.getTime()) / 3;
}

function covers(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined;
}

function issueLeaf(authority: Authority, options: SelfSignedOptions): Promise<KeyPair> {
  return authority.issueServing({
    commonName: COMMON_NAME,
    dnsNames: options.names.filter((name) => isIP(name) === 0),
    ipAddresses: options.names.filter((name) => isIP(name) !== 0),
    ...validity(options, options.servingDays ?? 90),
  });
}

/** Starts an hour ago, for clients whose clocks are behind. */
function validity({ now }: SelfSignedOptions, days: number): { notBefore: Date; days: number } {
  return { notBefore: new Date(now().getTime() - HOUR_MS), days };
}
