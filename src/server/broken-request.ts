import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';
import { HEADERS_TOO_LARGE, MALFORMED_REQUEST, type Refusal, REQUEST_TIMEOUT } from './refusal.ts';

/**
 * Answers bytes that are no HTTP request, or a request that was too slow, and closes the connection. `undefined` if the
 * error needs no answer.
 *
 * Go's client opens connections before it needs them. Node reports a timeout for a connection without any byte, and
 * measures again from the first byte if the error is ignored. It must be ignored, because closing the connection could
 * lose a review that is under way.
 */
export function respondToBrokenRequest(
  code: string | undefined,
  socket: Socket,
  connections: Connections,
): Refusal | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) return undefined;
  const refusal = refusalFor(code);
  // While a request is open, an answer written here could be read as a part of its response.
  if (!socket.writable || code === 'ECONNRESET' || connections.hasRequest(socket)) {
    socket.destroy();
    return refusal;
  }
  const head = `HTTP/1.1 ${refusal.status} Refused\r\nconnection: close\r\ncontent-type: application/json`;
  socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(refusal.body)}\r\n\r\n${refusal.body}`);
  socket.destroySoon();
  return refusal;
}

function refusalFor(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REQUEST_TIMEOUT;
  return code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : MALFORMED_REQUEST;
}
