import { type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { KubernetesError } from './errors.ts';

/** Maximum time without data from the server. Admission may delay an answer by 34 s. */
const TIMEOUT_MS = 45_000;

/** Maximum size of an answer: a page of 500 objects of 64 KiB each. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** A request to the API server. */
export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** Aborts the request immediately, also while it waits for credentials. */
  readonly signal?: AbortSignal | undefined;
}

/** A response with any status. */
export interface KubernetesAnswer {
  readonly status: number;
  /** The JSON document; the text if it is not JSON, for example from `/readyz`. */
  readonly document: unknown;
  /** Texts of `Warning` headers, without quotes. */
  readonly warnings: readonly string[];
  /** Time of the API server at its answer, in whole seconds. */
  readonly date?: Date | undefined;
}

/** Credentials of the client, and the authorities that it trusts. */
export interface Credentials extends RequestOptions {
  headers?: OutgoingHttpHeaders;
}

/** The server and its credentials. */
export interface Connection {
  readonly server: URL;
  /** Returns the credentials for one request. It is called for each one, because a token may have expired. The signal ends a plugin. */
  readonly authenticate: (signal?: AbortSignal) => Promise<Credentials>;
}

/**
 * Sends one request and reads the answer.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE if there is no answer, CLUSTER_ANSWER_UNREADABLE if it is too large
 */
export async function sendRequest(
  connection: Connection,
  wanted: KubernetesRequest,
): Promise<KubernetesAnswer> {
  const options = await connection.authenticate(wanted.signal);
  const body = wanted.body === undefined ? undefined : JSON.stringify(wanted.body);
  const target = targetOf(connection.server, wanted);
  const send = target.protocol === 'http:' ? plainRequest : request;
  const { promise, resolve, reject } = Promise.withResolvers<KubernetesAnswer>();
  const fail = (cause: Error): void => reject(unreachable(connection.server, cause));
  const sent = send(
    target,
    {
      // An intermediate CA is trusted without its root, as by kubectl.
      allowPartialTrustChain: true,
      ...options,
      method: wanted.method,
      timeout: TIMEOUT_MS,
      ...(wanted.signal && { signal: wanted.signal }),
      headers: {
        ...options.headers,
        accept: 'application/json',
        'user-agent': 'kube-image-bouncer',
        ...(body !== undefined && {
          'content-type': wanted.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
    },
    (answer) => {
      answer.on('error', fail);
      readAnswer(answer, wanted, { resolve, reject });
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
  // A server behind a proxy may have a base path.
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
