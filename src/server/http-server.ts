import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Limits } from './limits.ts';

// An import of node:http reads all its exports, also those that load Node's WebSocket and HTTP/2 client (40 ms).
const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');

/** The standard reason phrase of an HTTP status, such as `Not Found` for 404; `undefined` if the status has none. */
export function reasonPhraseOf(status: number): string | undefined {
  return STATUS_CODES[status];
}

/**
 * Creates Node's server with limits; always HTTP/1.1.
 *
 * @param tls whether clients must show a certificate; `undefined` for plain HTTP. The TLS context is set by the caller.
 */
export function createLimitedServer(
  limits: Limits,
  tls: { readonly isMutual: boolean } | undefined,
  listener: RequestListener,
): Server | SecureServer {
  const http = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.headerBytes,
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(http, listener)
      : createSecureServer({ ...http, ...handshakeOf(limits, tls.isMutual) }, listener);
  server.maxRequestsPerSocket = 0;
  // Node would silently drop headers above a count. The listener refuses them instead.
  server.maxHeadersCount = 0;
  // For connections that never send a byte; see broken-request.ts.
  server.timeout = limits.keepAliveTimeoutMs;
  server.maxConnections = limits.connections;
  return server;
}

function handshakeOf(limits: Limits, isMutual: boolean) {
  return {
    // A client that offers only HTTP/2 is refused, so rapid resets (CVE-2023-44487) are impossible.
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.handshakeTimeoutMs,
    requestCert: isMutual,
    // Node would close the connection before the certificate of the client can be read. The server reads it, and closes.
    rejectUnauthorized: false,
  };
}
