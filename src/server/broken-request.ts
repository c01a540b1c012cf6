import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';
import { HEADERS_TOO_LARGE, MALFORMED_REQUEST, type Refusal, REQUEST_TIMEOUT } from './refusal.ts';

/**
 * Answers what is no request, or was none in time, and ends its connection; `undefined` when nothing is wrong.
 *
 * Go opens connections ahead of need. Node times a silent one from its start, and forgets it when nobody acts on the
 * error; the first byte starts its clock anew. To close it here would now and then meet a review on its way.
 */
export function respondToBrokenRequest(
  code: string | undefined,
  socket: Socket,
  connections: Connections,
): Refusal | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) return undefined;
  const refusal = refusalFor(code);
  // Amid a request that has been handed on, bytes of ours could pass for a part of its answer.
  if (!socket.writable || code === 'ECONNRESET' || connections.isBusy(socket)) {
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
