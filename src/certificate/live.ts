import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { CertificateError } from './errors.ts';

/** Address of a TLS server, and the server name to request. */
export interface LiveAddress {
  readonly host: string;
  readonly port: number;
  /** @default the host */
  readonly serverName?: string | undefined;
}

/** A connection on which the certificate of the server is only examined, and not verified. */
function openTo(
  { host, port, serverName = host }: LiveAddress,
  pair: { readonly cert?: string; readonly key?: string },
): TLSSocket {
  return connect({
    host,
    port,
    // An IP address is no server name (RFC 6066 §3).
    ...(isIP(serverName) === 0 && { servername: serverName }),
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ...pair,
  });
}

/**
 * The certificates of a TLS server, the leaf first. They are not verified, and no data is sent.
 * @throws {CertificateError} ADDRESS_UNREACHABLE if there is no TLS server, or if it does not answer in time
 */
export async function fetchChain(
  address: LiveAddress,
  timeoutMs: number,
): Promise<readonly X509Certificate[]> {
  const { host, port } = address;
  // A server that requests a client certificate sends its own first.
  const socket = openTo(address, {});
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    return chainOf(socket);
  } catch (cause) {
    const reason =
      cause instanceof Error && cause.name === 'AbortError'
        ? `no answer within ${timeoutMs} ms`
        : messageOf(cause);
    throw new CertificateError(
      'ADDRESS_UNREACHABLE',
      `${host}:${port}: no certificate was received: ${reason}`,
      { cause },
    );
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/**
 * Whether a TLS server keeps a connection on which this pair is shown. In TLS 1.3 a server refuses a client certificate only
 * after the handshake of the client. Therefore a request follows, which reads nothing.
 *
 * @throws {CertificateError} ADDRESS_UNREACHABLE if there is no TLS server, or if it does not answer in time
 */
export async function isPairAccepted(
  address: LiveAddress,
  { certificate, key }: { readonly certificate: string; readonly key: string },
  timeoutMs: number,
): Promise<boolean> {
  const { host, port, serverName = host } = address;
  // The key is not sent.
  const socket = openTo(address, { cert: certificate, key });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const failed = (why: string): void =>
    reject(new CertificateError('ADDRESS_UNREACHABLE', `${host}:${port}: ${why}`));
  let hasConnected = false;
  socket.setTimeout(timeoutMs, () => failed(`no answer within ${timeoutMs} ms`));
  socket.once('connect', () => {
    hasConnected = true;
  });
  socket.once('secureConnect', () =>
    socket.write(`GET / HTTP/1.1\r\nhost: ${serverName}\r\nconnection: close\r\n\r\n`),
  );
  socket.once('data', () => resolve(true));
  socket.once('error', (error) => (hasConnected ? resolve(false) : failed(error.message)));
  socket.once('close', () => (hasConnected ? resolve(false) : failed('no connection')));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // The last certificate of a chain is its own issuer.
  while (shown?.raw !== undefined && !chain.some(({ raw }) => raw.equals(shown?.raw ?? Buffer.of()))) {
    chain.push(new X509Certificate(shown.raw));
    shown = shown.issuerCertificate;
  }
  return chain;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
