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

/** Whom the API server says that it is, towards the gate. */
export interface ClientIdentity {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** What the certificates of one gate are to be. */
export interface PkiRequest {
  /** DNS names and IP addresses that clients call the gate by. */
  readonly names: readonly string[];
  /** The API server's own pair; none is made without it. */
  readonly client?: ClientIdentity;
  /** An authority that is there already, and signs. @default one of our own */
  readonly authority?: KeyPair;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Of the serving and the client pair, which are renewed after two thirds of it. @default 365 */
  readonly days?: number;
  /**
   * Whose private keys may be replaced when what is there is no longer good. Otherwise a leaf gets a new certificate
   * for the key that it has, and an authority is an error.
   *
   * @default nobody's
   */
  readonly replace?: 'leaf-keys' | 'every-key';
  readonly now: () => Date;
}

/** What there is of a pair. */
export interface FoundPair {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** What there is of the certificates of a gate. */
export interface FoundPki {
  readonly authority?: FoundPair;
  readonly serving?: FoundPair;
  readonly client?: FoundPair;
}

/** The certificates of a gate. */
export interface Pki {
  /** PEM of everything that clients of the gate are to trust; during a rotation more than one certificate. */
  readonly trust: string;
  /** `undefined` when the authority is somebody else's: its key stays where it is. */
  readonly authorityKey: string | undefined;
  readonly serving: KeyPair;
  readonly client: KeyPair | undefined;
  /** The authority is new, so nobody trusts it yet. */
  readonly created: boolean;
}

const COMMON_NAME = 'kube-image-bouncer';
const HOUR_MS = 3_600_000;

/**
 * What the certificates of a gate should be, given what there is: everything that is still good stays as it is, byte
 * for byte. A leaf that is past two thirds of its life, lacks a name or belongs to nobody who is trusted is replaced
 * under the same authority. With nothing given, everything is made.
 *
 * @throws {CertificateError} AUTHORITY_EXPIRED, AUTHORITY_INCOMPLETE (one of its certificate and key is missing),
 * AUTHORITY_CONFLICT (another one is there), CERTIFICATE_UNREADABLE, KEY_UNREADABLE, KEY_MISMATCH, NOT_AN_AUTHORITY
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
    // Name by name, since what signs may be somebody else's key.
    return { trust: chosen.trust, authorityKey: chosen.authorityKey, serving, client, created: false };
  return issueMissing(chosen, { serving, client }, found, request);
}

interface ChosenAuthority extends Pick<Pki, 'trust' | 'authorityKey'> {
  /** The one that signs, and its key. */
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

/** An authority of somebody else's, unless another is there already: who trusts that one would lose the gate. */
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
    'another authority is there already: rotate to the given one, or name another place',
  );
}

/** The certificate of a bundle that the key belongs to, and the key, if it can sign today. */
function requireSigning({ certificate, key }: FoundPair, now: Date): KeyPair {
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? 'certificate' : 'key';
    throw new CertificateError(
      'AUTHORITY_INCOMPLETE',
      `the ${missing} of the authority is missing; restore it, or delete its folder to start anew`,
    );
  }
  const signing = signingCertificate(certificate, key);
  if (!isCurrent(signing, now)) {
    throw new CertificateError(
      'AUTHORITY_EXPIRED',
      `the authority is valid from ${signing.validFrom} to ${signing.validTo}, which is not now; delete its folder to start anew`,
    );
  }
  return { certificate: String(signing), key };
}

/**
 * The certificate of a bundle that the key belongs to.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE or KEY_MISMATCH
 */
export function signingCertificate(bundle: string, key: string): X509Certificate {
  const certificates = parseCertificates(bundle);
  const own = certificates.find((certificate) => isPair({ certificate: String(certificate), key }));
  return own ?? verifyKeyPair({ certificate: bundle, key });
}

/** A pair that is whole and good. */
function keepIf(
  { certificate, key }: FoundPair = {},
  isGood: (leaf: X509Certificate) => boolean,
): KeyPair | undefined {
  if (certificate === undefined || key === undefined || !isPair({ certificate, key })) return undefined;
  return isGood(parseCertificate(certificate)) ? { certificate, key } : undefined;
}

/** Whether the two belong together. A torn pair, left by a crash between its two files, is no failure: another certificate takes its place. */
export function isPair(pair: KeyPair): boolean {
  try {
    return verifyKeyPair(pair) !== undefined;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}

/** Whether a leaf should be renewed: never if its successor would end no later. */
function isDue(leaf: X509Certificate, authority: X509Certificate, now: Date): boolean {
  if (!isCurrent(leaf, now)) return true;
  return now.getTime() >= renewalTime(leaf) && leaf.validToDate < authority.validToDate;
}

/** When two thirds of its life are over, in milliseconds since 1970. */
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
  // Loading the X.509 library takes longer than the rest of a start; most starts need none of it.
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

/** A serving pair of this authority, starting an hour ago, for clients whose clocks are behind. */
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

/** Starts an hour ago, for clients whose clocks are behind. */
export function validity(
  { now }: Pick<PkiRequest, 'now'>,
  days: number,
): { readonly notBefore: Date; readonly days: number } {
  return { notBefore: new Date(now().getTime() - HOUR_MS), days };
}
