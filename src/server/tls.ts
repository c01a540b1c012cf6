import { constants, type X509Certificate } from 'node:crypto';
import type { Server as SecureServer } from 'node:https';
import {
  createSecureContext,
  getCACertificates,
  setDefaultCACertificates,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { commonNameOf, namesOf } from '../certificate/inspect.ts';

/** The server's own certificate and key, PEM; the certificate may be followed by its chain. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

export interface TlsOptions extends ServingPair {
  /** PEM of the authorities for client certificates. With it a client without a certificate gets no connection. */
  readonly clientAuthority?: string;
  /** Common names, DNS names or URIs. A client certificate must have one of them. @default any */
  readonly clientNames?: readonly string[];
}

/** AEAD with forward secrecy. The first three are for TLS 1.3. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * The complete TLS context. A reload must give all of it again, because otherwise the client authorities are lost.
 *
 * @param clientAuthorities at least one; `undefined` if client certificates are not requested
 */
export function contextOf(
  { certificate, key }: ServingPair,
  clientAuthorities: readonly X509Certificate[] | undefined,
): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ...(clientAuthorities === undefined
      ? {}
      : {
          ca: clientAuthorities.map(String),
          // An intermediate CA is trusted without its root, as Go does.
          allowPartialTrustChain: true,
          honorCipherOrder: true,
          sessionIdContext: 'kube-image-bouncer',
        }),
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    // No session tickets: the API server does not resume sessions, and a resumed session would outlive the
    // authority that admitted it. Renegotiation lets a client cause work for the server.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/**
 * Uses the context for new connections. Node's TLS server copies only the options that it knows, and it does not know
 * `allowPartialTrustChain`. Therefore the context is made here, and takes the place of the server's own. If a later Node
 * had another name for that place, clients of an intermediate CA would be refused.
 */
export function useContext(server: SecureServer, options: SecureContextOptions): void {
  server.setSecureContext(options);
  if (options.allowPartialTrustChain === true)
    Reflect.set(server, '_sharedCreds', createSecureContext(options));
}

/** Whether the client certificate has one of these names. */
export function hasName(socket: TLSSocket, names: ReadonlySet<string>): boolean {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return false;
  const { dns, uri } = namesOf(certificate);
  return [commonNameOf(certificate), ...dns, ...uri].some((name) => name !== undefined && names.has(name));
}

/** Removes the authorities of `NODE_EXTRA_CA_CERTS` from the defaults of this process. */
export function forgetExtraAuthorities(): void {
  setDefaultCACertificates(getCACertificates('bundled'));
}
