// This import must stay first, because the library registers its parts by decorators.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPublicKey, KeyObject, type webcrypto, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { CertificateError } from './errors.ts';
import { parseCertificate, parsePrivateKey, verifyKeyPair } from './inspect.ts';
import { type CertificateUse, findUseFaults } from './use.ts';

/** A certificate and its PKCS#8 private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface Validity {
  readonly notBefore: Date;
  /** Limited to the end of the authority, because no client trusts a leaf that outlives its issuer. */
  readonly days: number;
}

interface Keyed {
  /** PEM of the private key to make the certificate for. @default a new one, ECDSA P-256 */
  readonly key?: string;
}

export interface ServingRequest extends Validity, Keyed {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

interface ClientRequest extends Validity, Keyed {
  /** The user name in Kubernetes. */
  readonly commonName: string;
  /** The groups in Kubernetes. */
  readonly organizations?: readonly string[];
}

/** A certificate authority that signs leaves only. Keys that it makes are ECDSA P-256. */
export interface Authority extends KeyPair {
  /**
   * @throws {CertificateError} NAME_INVALID if a name is no DNS name, an address is no IP address, or there is neither;
   * KEY_UNREADABLE if the given key is not readable; NOT_AN_AUTHORITY if clients would not accept it from this authority.
   */
  issueServing(request: ServingRequest): Promise<KeyPair>;
  /** @throws {CertificateError} NOT_AN_AUTHORITY if no gate would accept it from this authority; KEY_UNREADABLE */
  issueClient(request: ClientRequest): Promise<KeyPair>;
}

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** By Node's name of the curve: the algorithms for keys of authorities that were made elsewhere. */
const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};
const SERIAL_BYTES = 16;
const DAY_MS = 86_400_000;
const DNS_NAME =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * Creates an authority with a new key.
 *
 * This module loads 19 packages (about 140 ms). Load it by `await import`, so that a start that needs no new certificate
 * does not load it.
 */
export async function createAuthority(
  options: { readonly commonName: string } & Validity,
): Promise<Authority> {
  const keys = await createKeys();
  const name = renderName(options.commonName);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject: name,
    issuer: name,
    ...validityOf(options),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toAuthority(
    { certificate: `${certificate.toString('pem')}\n`, key: renderKey(keys.privateKey) },
    { key: keys.privateKey, algorithm: SIGNATURE },
  );
}

/**
 * Loads an authority from PEM, made here or elsewhere.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE (also if it is neither RSA nor ECDSA on a NIST
 * curve), KEY_MISMATCH, or NOT_AN_AUTHORITY if the certificate may not sign others.
 */
export async function loadAuthority(pair: KeyPair): Promise<Authority> {
  const certificate = verifyKeyPair(pair);
  const [forServers, forClients] = [
    findUseFaults(certificate, 'server authority'),
    findUseFaults(certificate, 'client authority'),
  ];
  if (!certificate.ca || (forServers.length > 0 && forClients.length > 0)) {
    const [why = 'it has no CA:TRUE'] = forServers;
    throw new CertificateError('NOT_AN_AUTHORITY', `the certificate may not sign others: ${why}`);
  }
  return toAuthority(pair, signerOf(parsePrivateKey(pair.key)));
}

interface Signer {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

function signerOf(key: KeyObject): Signer {
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return { key: key.toCryptoKey(algorithm, false, ['sign']), algorithm };
  }
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) {
    throw new CertificateError('KEY_UNREADABLE', 'the key of the authority is neither RSA nor ECDSA');
  }
  const algorithm = { name: 'ECDSA', ...curve };
  return { key: key.toCryptoKey(algorithm, false, ['sign']), algorithm };
}

function toAuthority({ certificate, key }: KeyPair, signer: Signer): Authority {
  // The first certificate of a bundle is the issuer.
  const own = parseCertificate(certificate);
  const issuer = new x509.X509Certificate(own.raw);
  return {
    certificate,
    key,
    issueServing: async ({ commonName, dnsNames, ipAddresses, ...request }) => {
      requireUse(own, 'server authority');
      return issue(issuer, signer, renderName(commonName), request, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(decodeNames(dnsNames, ipAddresses)),
      ]);
    },
    issueClient: async ({ commonName, organizations, ...request }) => {
      requireUse(own, 'client authority');
      return issue(issuer, signer, renderName(commonName, organizations), request, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]);
    },
  };
}

/** A certificate that the other side would refuse is not made. */
function requireUse(authority: X509Certificate, use: CertificateUse): void {
  const [fault] = findUseFaults(authority, use);
  if (fault === undefined) return;
  const whose = use === 'client authority' ? 'clients' : 'servers';
  throw new CertificateError('NOT_AN_AUTHORITY', `the CA may sign no certificates of ${whose}: ${fault}`);
}

async function issue(
  issuer: x509.X509Certificate,
  signer: Signer,
  subject: x509.Name,
  request: Validity & Keyed,
  purpose: readonly x509.Extension[],
): Promise<KeyPair> {
  const key = request.key ?? renderKey((await createKeys()).privateKey);
  const publicKey = createPublicKey(parsePrivateKey(key)).export({ type: 'spki', format: 'der' });
  const { notBefore, notAfter } = validityOf(request);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject,
    issuer: issuer.subjectName,
    notBefore,
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await authorityKeyIdentifier(issuer),
      ...purpose,
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key };
}

/** The identifier in the issuer, because an authority that was made elsewhere may have derived it in another way. */
async function authorityKeyIdentifier(issuer: x509.X509Certificate): Promise<x509.Extension> {
  const subject = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  return subject === null
    ? x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : new x509.AuthorityKeyIdentifierExtension(subject.keyId);
}

/** @throws {CertificateError} NAME_INVALID */
export function decodeNames(
  dnsNames: readonly string[],
  ipAddresses: readonly string[],
): x509.JsonGeneralNames {
  const wrong =
    dnsNames.find((name) => !DNS_NAME.test(name)) ?? ipAddresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined || dnsNames.length + ipAddresses.length === 0) {
    throw new CertificateError(
      'NAME_INVALID',
      `a serving certificate cannot be made for ${JSON.stringify(wrong ?? [])}`,
    );
  }
  return [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
}

/** A distinguished name. */
export function renderName(commonName: string, organizations: readonly string[] = []): x509.Name {
  // Values instead of one text such as "O=a, CN=b", in which a comma in a name would start another attribute.
  return new x509.Name([
    ...organizations.map((utf8String) => ({ O: [{ utf8String }] })),
    { CN: [{ utf8String: commonName }] },
  ]);
}

function validityOf({ notBefore, days }: Validity): { notBefore: Date; notAfter: Date } {
  // Certificates contain whole seconds only.
  const start = Math.floor(notBefore.getTime() / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) };
}

/** 16 random bytes in hexadecimal. The first is between 0x40 and 0x7f, so that the number is positive and has 16 bytes. */
function createSerial(): string {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(SERIAL_BYTES)));
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

/** A key pair for ECDSA on P-256. */
export function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

/** PKCS#8 in PEM. */
export function renderKey(key: webcrypto.CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}
