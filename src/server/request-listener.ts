import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { MalformedReviewError } from '../admission/exchange.ts';
import { phrase } from '../language/phrase.ts';
import { bodyTooLarge, refuse, rejectionOf } from './http-answer.ts';
import { HEADERS_TOO_LARGE, CLIENT_NOT_ALLOWED, type Refusal } from './refusal.ts';
import { ReviewRequest } from './review-request.ts';
import { findRoute, type Route } from './routes.ts';
import type { ServerContext } from './server-context.ts';
import { throwLater } from './throw-later.ts';

// RFC 8259 §11 defines no parameters. Accept charset only, because clients send it.
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** Receives requests for reviews from Node's HTTP server. */
export function createRequestListener(context: ServerContext): RequestListener {
  return (request, response) => {
    try {
      receiveRequest(context, request, response);
    } catch (error) {
      throwLater(error);
    }
  };
}

function receiveRequest(context: ServerContext, request: IncomingMessage, response: ServerResponse): void {
  const { connections, lag } = context;
  const nowMs = context.now();
  const { socket } = request;
  const route = readHead(context, request);
  if ('status' in route) {
    connections.startRequest(socket);
    response.once('close', () => connections.endRequest(socket));
    return refuse(context, response, route);
  }
  const beganMs = connections.beginOf(socket, nowMs - lag.at(nowMs));
  const review = new ReviewRequest(context, response, route, beganMs);
  connections.startRequest(socket, review);
  // One listener for both tasks, because each listener slows down every review. If the response emits no `close`, the
  // request ends when its connection closes.
  response.on('close', () => {
    connections.endRequest(socket, review);
    review.close();
  });
  // This call is last: if it throws, the request is already registered and can be refused.
  review.receive();
}

/** The route of a request, from its head; or a refusal if its body must not be read. */
function readHead(context: ServerContext, request: IncomingMessage): Route | Refusal {
  const { method = '', url = '', headers, rawHeaders, socket } = request;
  const { headerCount, bodyBytes } = context.limits;
  if (rawHeaders.length > 2 * headerCount) return HEADERS_TOO_LARGE;
  const route = findRoute(context.routes, method, url);
  if ('status' in route) return route;
  if (!context.isAllowed(socket)) return CLIENT_NOT_ALLOWED;
  const error = findMediaTypeError(headers['content-type'], headers['content-encoding']);
  if (error !== undefined) return rejectionOf(route.protocol, error);
  if (Number(headers['content-length'] ?? 0) > bodyBytes) return bodyTooLarge(context, route.protocol);
  return route;
}

/** Checks that a body is declared as uncompressed JSON in UTF-8. */
function findMediaTypeError(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): MalformedReviewError | undefined {
  // The API server does not compress, and a small compressed body may contain a large one.
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    return new MalformedReviewError('UNSUPPORTED_MEDIA_TYPE', phrase('UNSUPPORTED_MEDIA_TYPE.compressed'));
  }
  // The usual text first, because the regular expression costs more than the comparison.
  if (contentType === 'application/json' || (contentType !== undefined && JSON_TYPE.test(contentType)))
    return undefined;
  return new MalformedReviewError('UNSUPPORTED_MEDIA_TYPE', phrase('UNSUPPORTED_MEDIA_TYPE.other'));
}
