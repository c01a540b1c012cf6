import { type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { KubernetesError } from './errors.ts';

/** Longest silence of a server that is asked: a request that passes admission may last 34 s. Who talks may go on. */
const TIMEOUT_MS = 45_000;

/** Largest answer that is read: a page of 500 objects of 64 KiB each. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** A request to the API server, before anybody knows what it means. */
export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** Ends it at once, whether it waits for credentials or for an answer. */
  readonly signal?: AbortSignal | undefined;
}

/** What came back, whatever the status. */
export interface KubernetesAnswer {
  readonly status: number;
  /** The JSON document; the text itself where it is none, as of `/readyz`. */
  readonly document: unknown;
  /** Texts of `Warning` headers, unquoted. */
  readonly warnings: readonly string[];
  /** The API server's clock when it answered, to the second. */
  readonly date?: Date | undefined;
}

/** How a request proves who sends it, and whom it trusts. */
export interface Credentials extends RequestOptions {
  headers?: OutgoingHttpHeaders;
}

/** Where requests go, and with which credentials. */
export interface Connection {
  readonly server: URL;
  /** Credentials and trust for one request; asked each time, for a token may have run out. The signal ends a plugin. */
  readonly authenticate: (signal?: AbortSignal) => Promise<Credentials>;
}

/**
 * Sends one request and reads the answer.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE when there is no answer, CLUSTER_ANSWER_UNREADABLE when it is too large.
 */
export async function sendRequest(
  connection: Connection,
  asked: KubernetesRequest,
): Promise<KubernetesAnswer> {
  const options = await connection.authenticate(asked.signal);
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const target = targetOf(connection.server, asked);
  const ask = target.protocol === 'http:' ? plainRequest : request;
  const { promise, resolve, reject } = Promise.withResolvers<KubernetesAnswer>();
  const fail = (cause: Error): void => reject(unreachable(connection.server, cause));
  const sent = ask(
    target,
    {
      ...options,
      method: asked.method,
      timeout: TIMEOUT_MS,
      ...(asked.signal && { signal: asked.signal }),
      headers: {
        ...options.headers,
        accept: 'application/json',
        'user-agent': 'kube-image-bouncer',
        ...(body !== undefined && {
          'content-type': asked.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
    },
    (answer) => {
      answer.on('error', fail);
      readAnswer(answer, asked, { resolve, reject });
    },
  );
  sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  sent.on('error', fail);
  sent.end(body);
  return promise;
}

function readAnswer(
  answer: IncomingMessage,
  { path }: KubernetesRequest,
  { resolve, reject }: Pick<PromiseWithResolvers<KubernetesAnswer>, 'resolve' | 'reject'>,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      const problem = `${path}: the answer is larger than ${MAX_ANSWER_BYTES} bytes`;
      reject(new KubernetesError('CLUSTER_ANSWER_UNREADABLE', problem));
      answer.destroy();
    } else chunks.push(chunk);
  });
  answer.on('end', () =>
    resolve({
      status: answer.statusCode ?? 0,
      document: parseBody(Buffer.concat(chunks).toString()),
      warnings: parseWarnings(answer.headers['warning']),
      date: parseDate(answer.headers.date),
    }),
  );
}

function targetOf(server: URL, { path, query = {} }: KubernetesRequest): URL {
  // A server behind a proxy may have a path of its own, in front of ours.
  const target = new URL(`${server.pathname.replace(/\/$/, '')}${path}`, server);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, value);
  return target;
}

function unreachable(server: URL, cause: Error): KubernetesError {
  return new KubernetesError(
    'CLUSTER_UNREACHABLE',
    `${server.origin}: the API server does not answer: ${cause.message || cause.name}`,
    { cause },
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseDate(header: string | undefined): Date | undefined {
  const date = new Date(header ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

// `299 - "text with \"quotes\"", 299 - "another"` (RFC 7234 §5.5).
const WARNING = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g;

function parseWarnings(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return Array.from(text.matchAll(WARNING), ([, quoted = '']) => quoted.replaceAll(/\\(.)/g, '$1'));
}
