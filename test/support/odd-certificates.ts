// Certificates with any extensions, for tests of what a TLS peer accepts. Keys are ECDSA P-256.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomBytes, type webcrypto } from 'node:crypto';
import { createKeys, type KeyPair, renderKey } from '../../src/certificate/authority.ts';

const DAY_MS = 86_400_000;

/** A certificate with its key; it can issue others. */
export interface OddCertificate extends KeyPair {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface OddRequest {
  /** Common name. */
  readonly name: string;
  /** @default itself */
  readonly issuer?: OddCertificate;
  /** @default none */
  readonly extensions?: readonly x509.Extension[];
  /** Whole days from now; the certificate begins three days ago, or a day before its end. @default 5 */
  readonly endsInDays?: number;
}

/** Makes a certificate. */
export async function makeOdd({
  name,
  issuer,
  extensions = [],
  endsInDays = 5,
}: OddRequest): Promise<OddCertificate> {
  const keys = await createKeys();
  const signer = issuer ?? { name, keys };
  const notAfter = new Date(Date.now() + endsInDays * DAY_MS);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `40${randomBytes(8).toString('hex')}`,
    subject: `CN=${name}`,
    issuer: `CN=${signer.name}`,
    notBefore: new Date(Math.min(Date.now() - 3 * DAY_MS, notAfter.getTime() - DAY_MS)),
    notAfter,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [...extensions],
  });
  return { name, keys, certificate: `${certificate.toString('pem')}\n`, key: renderKey(keys.privateKey) };
}

const { serverAuth, clientAuth, codeSigning } = x509.ExtendedKeyUsage;

/** The names of extended key usages that tests use. */
const EXTENDED = { serverAuth, clientAuth, codeSigning, any: '2.5.29.37.0' } as const;

/** Extensions by the words of a test. */
export const extension = {
  constraints: (isAuthority: boolean): x509.Extension =>
    new x509.BasicConstraintsExtension(isAuthority, undefined, true),
  usage: (...names: readonly (keyof typeof x509.KeyUsageFlags)[]): x509.Extension =>
    new x509.KeyUsagesExtension(
      names.reduce((flags, name) => flags | x509.KeyUsageFlags[name], 0),
      true,
    ),
  extended: (...names: readonly (keyof typeof EXTENDED)[]): x509.Extension =>
    new x509.ExtendedKeyUsageExtension(names.map((name) => EXTENDED[name])),
  loopback: (): x509.Extension =>
    new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
    ]),
};

/** The extensions of an ordinary authority. */
export const AUTHORITY: readonly x509.Extension[] = [
  extension.constraints(true),
  extension.usage('keyCertSign', 'cRLSign'),
];

/** The extensions of an ordinary leaf for both sides. */
export const LEAF: readonly x509.Extension[] = [
  extension.constraints(false),
  extension.usage('digitalSignature'),
];
