import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Authority, KeyPair } from './authority.ts';
import { CertificateError } from './errors.ts';
import {
  commonNameOf,
  isCurrent,
  isIssuedBy,
  organizationsOf,
  parseCertificate,
  parseCertificates,
  verifyKeyPair,
} from './inspect.ts';

/** Identity of the API server as a client of the gate. */
interface ClientIdentity {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** Requirements for the certificates of one gate. */
export interface PkiRequest {
  /** DNS names and IP addresses that clients use for the gate. */
  readonly names: readonly string[];
  /** For the client pair of the API server. Without it none is made. */
  readonly client?: ClientIdentity;
  /** An existing authority that signs. @default a new one */
  readonly authority?: KeyPair;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Validity of the serving and the client pair. They are renewed after two thirds of it. @default 365 */
  readonly days?: number;
  /**
   * Which private keys may be replaced if a pair is no longer good. Without it a leaf gets a new certificate for its present
   * key, and an authority that is no longer good is an error.
   *
   * @default none
   */
  readonly replace?: 'leaf-keys' | 'every-key';
  readonly now: () => Date;
}

/** The existing parts of a pair. */
export interface FoundPair {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** The existing certificates of a gate. */
export interface FoundPki {
  readonly authority?: FoundPair;
  readonly serving?: FoundPair;
  readonly client?: FoundPair;
}

/** The certificates of a gate. */
export interface Pki {
  /** PEM of all certificates that clients of the gate must trust. During a rotation there is more than one. */
  readonly trust: string;
  /** `undefined` if the authority was given: its key is not stored here. */
  readonly authorityKey: string | undefined;
  readonly serving: KeyPair;
  readonly client: KeyPair | undefined;
  /** True if the authority was made by this call. No client trusts it yet. */
  readonly created: boolean;
}

const COMMON_NAME = 'kube-image-bouncer';
const HOUR_MS = 3_600_000;

/**
 * Completes the certificates of a gate. Good ones stay unchanged, byte for byte. A leaf that is past two thirds of its
 * life, lacks a name or is not signed by a trusted authority is replaced under the same authority. Missing ones are made.
 *
 * @throws {CertificateError} AUTHORITY_EXPIRED, AUTHORITY_INCOMPLETE (its certificate or its key is missing),
 * AUTHORITY_CONFLICT (another one exists), CERTIFICATE_UNREADABLE, KEY_UNREADABLE, KEY_MISMATCH, NOT_AN_AUTHORITY
 * or NAME_INVALID.
 */
export async function completePki(found: FoundPki, request: PkiRequest): Promise<Pki> {
  const chosen = chooseAuthority(found.authority ?? {}, request);
  const trusted = chosen === undefined ? [] : parseCertificates(chosen.trust);
  const lasting = (leaf: X509Certificate) =>
    trusted.some((authority) => isIssuedBy(leaf, authority) && !isDue(leaf, authority, request.now()));
  const serving = keepIf(
    found.serving,
    (leaf) => lasting(leaf) && request.names.every((name) => covers(leaf, name)),
  );
  const client = keepIf(found.client, (leaf) => lasting(leaf) && isNamed(leaf, request.client));
  if (chosen !== undefined && serving !== undefined && (client !== undefined || request.client === undefined))
    // Do not spread `chosen`, because its `signing` may contain a private key that must not be stored here.
    return { trust: chosen.trust, authorityKey: chosen.authorityKey, serving, client, created: false };
  return issueMissing(chosen, { serving, client }, found, request);
}

interface ChosenAuthority extends Pick<Pki, 'trust' | 'authorityKey'> {
  /** The certificate that signs, and its key. */
  readonly signing: KeyPair;
}

function chooseAuthority(found: FoundPair, request: PkiRequest): ChosenAuthority | undefined {
  if (request.authority !== undefined) return takeAuthority(request.authority, found, request);
  if (found.certificate === undefined && found.key === undefined) return undefined;
  try {
    const signing = requireSigning(found, request.now());
    return { trust: found.certificate ?? signing.certificate, authorityKey: signing.key, signing };
  } catch (error) {
    if (error instanceof CertificateError && request.replace === 'every-key') return undefined;
    throw error;
  }
}

/** The given authority, unless another one exists: clients that trust the existing one would refuse the gate. */
function takeAuthority(given: KeyPair, found: FoundPair, request: PkiRequest): ChosenAuthority {
  const signing = requireSigning(given, request.now());
  if (found.certificate === undefined || request.replace === 'every-key')
    return { trust: given.certificate, authorityKey: undefined, signing };
  const isThere = parseCertificates(found.certificate).some(
    (certificate) => String(certificate) === signing.certificate,
  );
  if (isThere) return { trust: found.certificate, authorityKey: found.key, signing };
  throw new CertificateError(
    'AUTHORITY_CONFLICT',
    'another authority exists already: rotate to the given one, or choose another folder',
  );
}

/** The certificate that the key belongs to, and the key. Throws if it cannot sign now. */
function requireSigning({ certificate, key }: FoundPair, now: Date): KeyPair {
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? 'certificate' : 'key';
    throw new CertificateError(
      'AUTHORITY_INCOMPLETE',
      `the ${missing} of the authority is missing; restore it, or delete its folder to create a new authority`,
    );
  }
  const signing = signingCertificate(certificate, key);
  if (!isCurrent(signing, now)) {
    throw new CertificateError(
      'AUTHORITY_EXPIRED',
      `the authority is valid from ${signing.validFrom} to ${signing.validTo}, and not now; delete its folder to create a new authority`,
    );
  }
  return { certificate: String(signing), key };
}

/**
 * The certificate in a bundle that the key belongs to.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE or KEY_MISMATCH
 */
export function signingCertificate(bundle: string, key: string): X509Certificate {
  const certificates = parseCertificates(bundle);
  const own = certificates.find((certificate) => isPair({ certificate: String(certificate), key }));
  return own ?? verifyKeyPair({ certificate: bundle, key });
}

/** The pair, if it is complete and good. */
function keepIf(
  { certificate, key }: FoundPair = {},
  isGood: (leaf: X509Certificate) => boolean,
): KeyPair | undefined {
  if (certificate === undefined || key === undefined || !isPair({ certificate, key })) return undefined;
  return isGood(parseCertificate(certificate)) ? { certificate, key } : undefined;
}

/** Whether key and certificate belong together. A crash between the writes of two files leaves a pair that does not match; it is replaced. */
export function isPair(pair: KeyPair): boolean {
  try {
    return verifyKeyPair(pair) !== undefined;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}

/** Whether a leaf should be renewed. False if the new one would not end later. */
function isDue(leaf: X509Certificate, authority: X509Certificate, now: Date): boolean {
  if (!isCurrent(leaf, now)) return true;
  return now.getTime() >= renewalTime(leaf) && leaf.validToDate < authority.validToDate;
}

/** The end of two thirds of its life, in milliseconds since 1970. */
export function renewalTime({ validFromDate, validToDate }: X509Certificate): number {
  return validToDate.getTime() - (validToDate.getTime() - validFromDate.getTime()) / 3;
}

function covers(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined;
}

function isNamed(leaf: X509Certificate, client: ClientIdentity | undefined): boolean {
  if (client === undefined) return true;
  const organizations = new Set(organizationsOf(leaf));
  return (
    commonNameOf(leaf) === client.commonName &&
    organizations.size === new Set(client.organizations).size &&
    (client.organizations ?? []).every((organization) => organizations.has(organization))
  );
}

async function issueMissing(
  chosen: ChosenAuthority | undefined,
  kept: { readonly serving: KeyPair | undefined; readonly client: KeyPair | undefined },
  found: FoundPki,
  request: PkiRequest,
): Promise<Pki> {
  // Loading the X.509 library takes longer than the rest of a start, and most starts do not need it.
  const { createAuthority, loadAuthority } = await import('./authority.ts');
  const authority =
    chosen === undefined
      ? await createAuthority({
          commonName: `${COMMON_NAME} authority`,
          ...validity(request, request.authorityDays ?? 3650),
        })
      : await loadAuthority(chosen.signing);
  const { client } = request;
  return {
    trust: chosen?.trust ?? authority.certificate,
    authorityKey: chosen === undefined ? authority.key : chosen.authorityKey,
    serving: kept.serving ?? (await issueServing(authority, found.serving, request)),
    client: client && (kept.client ?? (await issueClient(authority, client, found.client, request))),
    created: chosen === undefined,
  };
}

/** Issues a serving pair. Its validity starts an hour ago, because clocks of clients may be slow. */
export function issueServing(
  authority: Authority,
  found: FoundPair | undefined,
  request: Pick<PkiRequest, 'names' | 'days' | 'replace' | 'now'>,
): Promise<KeyPair> {
  return authority.issueServing({
    commonName: COMMON_NAME,
    dnsNames: request.names.filter((name) => isIP(name) === 0),
    ipAddresses: request.names.filter((name) => isIP(name) !== 0),
    ...keyToKeep(found, request),
    ...validity(request, request.days ?? 365),
  });
}

function issueClient(
  authority: Authority,
  client: ClientIdentity,
  found: FoundPair | undefined,
  request: PkiRequest,
): Promise<KeyPair> {
  return authority.issueClient({
    ...client,
    ...keyToKeep(found, request),
    ...validity(request, request.days ?? 365),
  });
}

function keyToKeep({ key }: FoundPair = {}, { replace }: Pick<PkiRequest, 'replace'>): { key?: string } {
  return key === undefined || replace !== undefined ? {} : { key };
}

/** A validity that starts an hour ago, because clocks of clients may be slow. */
export function validity(
  { now }: Pick<PkiRequest, 'now'>,
  days: number,
): { readonly notBefore: Date; readonly days: number } {
  return { notBefore: new Date(now().getTime() - HOUR_MS), days };
}
