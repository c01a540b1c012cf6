import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, MalformedReviewError, type ReviewProtocol } from '../admission/exchange.ts';
import { phrase } from '../language/phrase.ts';
import type { Refusal, Reply } from './refusal.ts';
import type { ServerContext } from './server-context.ts';

/** How long a refused client may continue to send, so that it can read the response before the connection closes. */
const LINGER_MS = 500;

/** Sends the answer to a request that was received completely. */
export function send(
  { connections, isDraining }: ServerContext,
  response: ServerResponse,
  answer: Answer,
): void {
  if (isDraining() || connections.isOutdated(response.req.socket)) response.shouldKeepAlive = false;
  writeHead(response, answer);
  // One string in one call is sent by one write.
  response.end(answer.body);
}

/** Answers immediately, and then ends the connection. Counts a refusal that has a code; others are already counted. */
export function refuse(
  { recorder }: ServerContext,
  response: ServerResponse,
  refusal: Refusal | Reply,
): void {
  if ('code' in refusal) recorder.reject(refusal.code);
  response.shouldKeepAlive = false;
  writeHead(response, refusal);
  endAfterRequest(response.req, response, refusal.body);
}

/** The refusal of a body that is longer than the limit, in the protocol of the request. */
export function bodyTooLarge({ limits }: ServerContext, protocol: ReviewProtocol): Refusal {
  const reason = phrase('BODY_TOO_LARGE.one', { max: limits.bodyBytes });
  return rejectionOf(protocol, new MalformedReviewError('BODY_TOO_LARGE', reason));
}

export function rejectionOf(protocol: ReviewProtocol, error: MalformedReviewError): Refusal {
  return { ...protocol.reject(error), code: error.code };
}

function writeHead(response: ServerResponse, { status, body, allow }: Reply): void {
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length };
  response.writeHead(status, allow === undefined ? headers : { ...headers, allow });
}

/**
 * Sends the body immediately, and ends the connection after the request has ended. If the connection closed earlier
 * (RST), the client would fail to write and would not read the response.
 */
function endAfterRequest(request: IncomingMessage, response: ServerResponse, body: string): void {
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}
