import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MalformedReviewError, type ReviewProtocol } from '../admission/exchange.ts';
import { phrase } from '../language/phrase.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { Asked, type Desk } from './asked.ts';
import type { Backlog } from './backlog.ts';
import type { BodyMemory } from './body.ts';
import { breakLater } from './break-later.ts';
import type { Connections } from './connections.ts';
import type { LoopLag } from './loop-lag.ts';
import { findMediaTypeError } from './media-type.ts';
import { CLIENT_NOT_ALLOWED, HEADERS_TOO_LARGE, type Refusal, type Reply } from './refusal.ts';
import type { ReviewHandler } from './review-handler.ts';
import { findRoute, type Route, type Routes } from './routes.ts';

export interface RequestListenerOptions {
  readonly routes: Routes;
  readonly handler: ReviewHandler;
  readonly backlog: Backlog;
  readonly recorder: Pick<Recorder, 'reject'>;
  readonly memory: BodyMemory;
  readonly connections: Connections;
  readonly headerCount: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly lag: Pick<LoopLag, 'at'>;
  /** Whether connections are to end with the answer. */
  readonly isDraining: () => boolean;
  readonly isAllowed: (socket: Socket) => boolean;
}

/** How long a caller may go on sending what nobody reads, to find the answer that was given meanwhile. */
const LINGER_MS = 500;

/** From HTTP to the handler of reviews and back: head, body, answer. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { recorder, connections, isDraining } = options;
  const desk: Desk = {
    ...options,
    send: (response, answer) => {
      if (isDraining() || connections.isOutdated(response.req.socket)) response.shouldKeepAlive = false;
      writeHead(response, answer);
      // One string in one call goes out in one write.
      response.end(answer.body);
    },
    refuse: (request, response, refusal) => {
      if ('code' in refusal) recorder.reject(refusal.code);
      response.shouldKeepAlive = false;
      writeHead(response, refusal);
      endAfterRequest(request, response, refusal.body);
    },
    refusalOfLarge: ({ protocol }) => tooLarge(protocol, options.memory),
  };
  return (request, response) => {
    try {
      take(request, response, desk, options);
    } catch (error) {
      breakLater(error);
    }
  };
}

function take(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk,
  options: RequestListenerOptions,
): void {
  const { connections, lag, now } = options;
  const nowMs = now();
  const { socket } = request;
  const route = readHead(request, options);
  if ('status' in route) {
    connections.busy(socket);
    response.once('close', () => connections.idle(socket));
    return desk.refuse(request, response, route);
  }
  const asked = new Asked(desk, request, response, route, nowMs - lag.at(nowMs));
  connections.busy(socket, asked);
  // One listener for everything that ends with the request: each one is paid for in every review. What ends without an
  // answer may do so unheard; it ends with its connection at the latest.
  response.on('close', () => {
    connections.idle(socket, asked);
    asked.close();
  });
  // Last, so that whatever breaks finds somebody to answer.
  asked.receive();
}

/** What can be known before the body: where it goes, or why it is not read. */
function readHead(request: IncomingMessage, options: RequestListenerOptions): Route | Refusal {
  const { method = '', url = '', headers, rawHeaders, socket } = request;
  if (rawHeaders.length > 2 * options.headerCount) return HEADERS_TOO_LARGE;
  const route = findRoute(options.routes, method, url);
  if ('status' in route) return route;
  if (!options.isAllowed(socket)) return CLIENT_NOT_ALLOWED;
  const error = findMediaTypeError(headers['content-type'], headers['content-encoding']);
  if (error !== undefined) return rejectionOf(route.protocol, error);
  if (Number(headers['content-length'] ?? 0) > options.memory.bodyBytes)
    return tooLarge(route.protocol, options.memory);
  return route;
}

function tooLarge(protocol: ReviewProtocol, { bodyBytes }: BodyMemory): Refusal {
  const reason = phrase('BODY_TOO_LARGE.one', { max: bodyBytes });
  return rejectionOf(protocol, new MalformedReviewError('BODY_TOO_LARGE', reason));
}

function rejectionOf(protocol: ReviewProtocol, error: MalformedReviewError): Refusal {
  return { ...protocol.reject(error), code: error.code };
}

function writeHead(response: ServerResponse, { status, body, allow }: Reply): void {
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length };
  response.writeHead(status, allow === undefined ? headers : { ...headers, allow });
}

/**
 * Sends a body at once and ends the connection when the caller has stopped sending: one closed under its hands
 * (RST) would make it fail to write before it reads why.
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
