// This import must stay first, because the library registers its parts by decorators.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPublicKey, type webcrypto } from 'node:crypto';
import { createKeys, decodeNames, renderKey, renderName } from './authority.ts';
import { CertificateError } from './errors.ts';
import { parsePrivateKey } from './inspect.ts';

/** Names to be certified by an external authority. */
interface SigningRequestOptions {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** PEM of an existing private key, ECDSA P-256. @default a new one */
  readonly key?: string;
}

/** A certificate signing request (PKCS#10) and its private key, both PEM. */
interface SigningRequest {
  readonly request: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A request for a serving certificate, such as the `request` of a CertificateSigningRequest. The signer
 * `kubernetes.io/kubelet-serving` requires exactly the organization `system:nodes`, a common name that begins with
 * `system:node:`, at least one name, and the usages `digital signature` and `server auth`.
 *
 * Load this module by `await import`, as `authority.ts`.
 *
 * @throws {CertificateError} NAME_INVALID, or KEY_UNREADABLE if the given key is not ECDSA P-256
 */
export async function createSigningRequest(options: SigningRequestOptions): Promise<SigningRequest> {
  const names = decodeNames(options.dnsNames, options.ipAddresses);
  const keys = options.key === undefined ? await createKeys() : keysOf(options.key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: renderName(options.commonName, options.organizations),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  });
  return { request: `${request.toString('pem')}\n`, key: options.key ?? renderKey(keys.privateKey) };
}

function keysOf(pem: string): webcrypto.CryptoKeyPair {
  const key = parsePrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new CertificateError('KEY_UNREADABLE', 'the private key is not ECDSA P-256');
  return {
    privateKey: key.toCryptoKey(ALGORITHM, false, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(ALGORITHM, true, ['verify']),
  };
}
