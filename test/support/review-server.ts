// A gate on a free port, with minimal protocols and a minimal bouncer, for the tests of src/server/.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { phrase } from '../../src/language/phrase.ts';
import { type Answer, MalformedReviewError, type ReviewProtocol } from '../../src/admission/exchange.ts';
import type { Bouncer } from '../../src/bouncer.ts';
import { createAuthority, type Authority, type KeyPair } from '../../src/certificate/authority.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { Review } from '../../src/policy/review.ts';
import type { Recorder } from '../../src/telemetry/recorder.ts';
import type { ClientRefusal } from '../../src/telemetry/refused-clients.ts';
import { type ReviewServer, type ServerOptions, startServer } from '../../src/server/server.ts';

const judged = { policy: undefined, uses: [], notices: [] } as const;

export const admitted: Decision = { outcome: 'admitted', violations: [], ...judged };

/** A minimal protocol: `{"uid": …}` in, `{"uid": …, "outcome": …}` out. */
export function protocolNamed(name: ReviewProtocol['name'], rejectStatus?: 200): ReviewProtocol {
  return {
    name,
    open(document) {
      const uid = (document as { uid?: unknown } | null)?.uid;
      if (typeof uid !== 'string')
        throw new MalformedReviewError('MALFORMED_REVIEW', phrase('MALFORMED_REVIEW.no-uid'));
      return {
        review: reviewOf(uid),
        respond: (decision) => ({ status: 200, body: renderAnswer(name, uid, decision) }),
      };
    },
    respondFromHead(head) {
      const [, uid] = /^\{"uid":"([\w-]{1,64})"/.exec(head.toString('latin1', 0, 256)) ?? [];
      return uid === undefined
        ? undefined
        : (decision) => ({ status: 200, body: renderAnswer(name, uid, decision) });
    },
    reject: ({ code }): Answer => {
      const status = code === 'BODY_TOO_LARGE' ? 413 : code === 'UNSUPPORTED_MEDIA_TYPE' ? 415 : 400;
      return { status: rejectStatus ?? status, body: JSON.stringify({ protocol: name, rejected: code }) };
    },
  };
}

function renderAnswer(protocol: string, uid: string, decision: Decision): string {
  const code = decision.outcome === 'failed' ? decision.code : undefined;
  return JSON.stringify({ protocol, uid, outcome: decision.outcome, code });
}

export function reviewOf(uid: string): Review {
  const unknown = undefined;
  const facts = { operation: unknown, dryRun: unknown, user: unknown, namespace: unknown, resource: unknown };
  return { uid, ...facts, subresource: unknown, object: unknown, subject: { kind: 'imageless' } };
}

export const protocols = {
  imageReview: protocolNamed('ImageReview', 200),
  admissionReview: protocolNamed('AdmissionReview'),
};

/** Keeps the recorded outcomes. */
export function createTestRecorder() {
  const records: {
    uid: string | undefined;
    outcome: string;
    protocol: string;
    durationMs: number;
    stage: string;
  }[] = [];
  const rejections: string[] = [];
  const shed: string[] = [];
  const refusedClients: ClientRefusal[] = [];
  const late: string[] = [];
  const recorder: Recorder = {
    record: ({ review: { uid }, decision: { outcome }, protocol, durationMs, stage }) =>
      records.push({ uid, outcome, protocol, durationMs, stage }),
    reject: (code) => rejections.push(code),
    shed: (_protocol, reason) => shed.push(reason),
    answerLate: (protocol) => late.push(protocol),
    refuseClient: (refusal) => refusedClients.push(refusal),
    flush: () => {},
  };
  return { recorder, records, rejections, shed, late, refusedClients };
}

interface TestKeys {
  readonly authority: Authority;
  readonly serving: KeyPair;
}

const DAY_MS = 86_400_000;
const validity = { notBefore: new Date(Date.now() - DAY_MS), days: 365 };

/** An authority and a certificate for the loopback addresses. */
export async function createKeys(): Promise<TestKeys> {
  const authority = await createAuthority({ commonName: 'test authority', ...validity });
  return { authority, serving: await issueServing(authority) };
}

export function issueServing(authority: Authority, days = 30): Promise<KeyPair> {
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  return authority.issueServing({ commonName: 'gate', ...names, notBefore: validity.notBefore, days });
}

export function issueClient(authority: Authority, commonName: string): Promise<KeyPair> {
  return authority.issueClient({ commonName, ...validity });
}

/** Made once for all tests, because keys take longer than the tests. */
export const keys = await createKeys();

export const admitAll: Bouncer = { decide: () => admitted };

/** A gate over TLS. @default admits everything */
export function startGate(options: Partial<ServerOptions> = {}): Promise<ReviewServer> {
  return startPlainGate({ tls: keys.serving, ...options });
}

export function startPlainGate(options: Partial<ServerOptions> = {}): Promise<ReviewServer> {
  return startServer({
    bouncer: admitAll,
    protocols,
    recorder: createTestRecorder().recorder,
    now: () => performance.now(),
    today: () => new Date(),
    address: '127.0.0.1',
    port: 0,
    ...options,
  });
}

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

interface AskOptions extends Omit<RequestOptions, 'headers'> {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An agent that keeps one connection, as the API server does. */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
}

/** Sends a review. The default gate admits it. */
export async function ask({ port }: { readonly port: number }, options: AskOptions = {}): Promise<Reply> {
  const { body = '{"uid":"u-1"}', headers, ...rest } = options;
  const target = {
    host: '127.0.0.1',
    port,
    path: '/',
    method: 'POST',
    ca: keys.authority.certificate,
    agent: false,
  };
  const outgoing = request({
    ...target,
    ...rest,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
  } as RequestOptions);
  outgoing.end(body);
  return readReply(outgoing);
}

/** A `GET` over plain HTTP. */
export function get(port: number, path: string, method = 'GET'): Promise<Reply> {
  return readReply(httpRequest({ host: '127.0.0.1', port, path, method, agent: false }).end());
}

async function readReply(outgoing: ReturnType<typeof request>): Promise<Reply> {
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode, headers: incoming.headers, text: await text(incoming) };
}

/** A TLS connection after its handshake. It ignores errors, because only its end counts. */
export async function open(
  { port }: { readonly port: number },
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: keys.authority.certificate, ...options });
  await once(socket, 'secureConnect');
  return ignoreErrors(socket);
}

/** A TCP connection that sends nothing. */
export async function openPlain({ port }: { readonly port: number }): Promise<Socket> {
  const socket = connectPlain({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return ignoreErrors(socket);
}

function ignoreErrors<T extends Socket>(socket: T): T {
  socket.on('error', () => {});
  return socket;
}

/** Sends bytes and reads until the gate closes the connection. */
export async function sendRaw(gate: { readonly port: number }, bytes: string | Buffer): Promise<string> {
  const socket = await open(gate);
  socket.write(bytes);
  return readToEnd(socket);
}

/** All bytes until the connection is closed, in any way. */
export function readToEnd(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(received));
  if (socket.closed) resolve(received);
  return promise;
}

/** A review in the form in which it is sent. */
export function rawReview(uid: string, headers: readonly string[] = []): string {
  const body = JSON.stringify({ uid });
  const lines = [
    'POST / HTTP/1.1',
    'host: gate',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return [...lines, ...headers, '', body].join('\r\n');
}
