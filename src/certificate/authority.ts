// The library finds its own parts through decorators, so this import must stay first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { KeyObject, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { CertificateError } from './errors.ts';
import { parsePrivateKey, verifyKeyPair } from './inspect.ts';

/** A certificate and its PKCS#8 private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface Validity {
  readonly notBefore: Date;
  /** Cut where the authority itself ends: a leaf that outlives its issuer is trusted by nobody. */
  readonly days: number;
}

export interface ServingRequest extends Validity {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface ClientRequest extends Validity {
  /** What Kubernetes takes for the user name. */
  readonly commonName: string;
  /** What Kubernetes takes for the groups. */
  readonly organizations?: readonly string[];
}

/** A certificate authority that signs leaves, and nothing below them. ECDSA P-256 with SHA-256 throughout. */
export interface Authority extends KeyPair {
  /** @throws {CertificateError} NAME_INVALID when a name is no DNS name, an address no IP, or there is neither. */
  issueServing(request: ServingRequest): Promise<KeyPair>;
  issueClient(request: ClientRequest): Promise<KeyPair>;
}

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERIAL_BYTES = 16;
const DAY_MS = 86_400_000;
const DNS_NAME =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * A new authority with a key of its own.
 *
 * This module loads 19 packages (about 140 ms): reach it by `await import`, never on the path of a start that
 * finds its certificates.
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
    { certificate: certificate.toString('pem'), key: renderKey(keys.privateKey) },
    keys.privateKey,
  );
}

/**
 * An authority from its PEM texts.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE (also when it is not P-256), KEY_MISMATCH, or
 * NOT_AN_AUTHORITY when the certificate may not sign others.
 */
export async function loadAuthority(pair: KeyPair): Promise<Authority> {
  if (!verifyKeyPair(pair).ca) {
    throw new CertificateError('NOT_AN_AUTHORITY', 'the certificate may not sign others: it has no CA:TRUE');
  }
  const key = parsePrivateKey(pair.key);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new CertificateError('KEY_UNREADABLE', 'the key of the authority is not ECDSA P-256');
  }
  return toAuthority(pair, key.toCryptoKey(KEY, false, ['sign']));
}

function toAuthority({ certificate, key }: KeyPair, signingKey: webcrypto.CryptoKey): Authority {
  const issuer = new x509.X509Certificate(certificate);
  return {
    certificate,
    key,
    issueServing: async ({ commonName, dnsNames, ipAddresses, ...validity }) =>
      issue(issuer, signingKey, renderName(commonName), validity, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(decodeNames(dnsNames, ipAddresses)),
      ]),
    issueClient: async ({ commonName, organizations, ...validity }) =>
      issue(issuer, signingKey, renderName(commonName, organizations), validity, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

async function issue(
  issuer: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  subject: x509.Name,
  validity: Validity,
  purpose: readonly x509.Extension[],
): Promise<KeyPair> {
  const keys = await createKeys();
  const { notBefore, notAfter } = validityOf(validity);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject,
    issuer: issuer.subjectName,
    notBefore,
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await authorityKeyIdentifier(issuer),
      ...purpose,
    ],
  });
  return { certificate: certificate.toString('pem'), key: renderKey(keys.privateKey) };
}

/** The issuer's own identifier, for an authority made elsewhere may have derived it in another way. */
async function authorityKeyIdentifier(issuer: x509.X509Certificate): Promise<x509.Extension> {
  const subject = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  return subject === null
    ? x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : new x509.AuthorityKeyIdentifierExtension(subject.keyId);
}

function decodeNames(dnsNames: readonly string[], ipAddresses: readonly string[]): x509.JsonGeneralNames {
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

function renderName(commonName: string, organizations: readonly string[] = []): x509.Name {
  // Values, not a distinguished name as text: in "O=a, CN=b" a comma in a name would start another attribute.
  return new x509.Name([
    ...organizations.map((utf8String) => ({ O: [{ utf8String }] })),
    { CN: [{ utf8String: commonName }] },
  ]);
}

function validityOf({ notBefore, days }: Validity): { notBefore: Date; notAfter: Date } {
  // Certificates know whole seconds only.
  const start = Math.floor(notBefore.getTime() / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) };
}

/** 16 random bytes as hexadecimal text, the first between 0x40 and 0x7f: positive, and never shorter. */
function createSerial(): string {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(SERIAL_BYTES)));
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

function renderKey(key: webcrypto.CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}
