import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { CertificateError } from './errors.ts';

/** Where a certificate is served, and under which name it is asked for. */
export interface LiveAddress {
  readonly host: string;
  readonly port: number;
  /** @default the host */
  readonly serverName?: string | undefined;
}

/**
 * The certificates that a server shows, the leaf first, whether anybody trusts them or not. Nothing is sent.
 * @throws {CertificateError} ADDRESS_UNREACHABLE when there is no TLS server, or none that answers in time.
 */
export async function fetchChain(
  { host, port, serverName = host }: LiveAddress,
  timeoutMs: number,
): Promise<readonly X509Certificate[]> {
  const socket = connect({
    host,
    port,
    // An address is no server name (RFC 6066 §3).
    ...(isIP(serverName) === 0 && { servername: serverName }),
    // What is shown is looked at, not believed.
    rejectUnauthorized: false,
    // A server that asks for a client certificate shows its own all the same.
    minVersion: 'TLSv1.2',
  });
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
      `${host}:${port}: no certificate is served: ${reason}`,
      { cause },
    );
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // The last of a chain names itself as its issuer.
  while (shown?.raw !== undefined && !chain.some(({ raw }) => raw.equals(shown?.raw ?? Buffer.of()))) {
    chain.push(new X509Certificate(shown.raw));
    shown = shown.issuerCertificate;
  }
  return chain;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
