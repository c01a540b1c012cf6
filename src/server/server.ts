import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CertificateError } from '../certificate/errors.ts';
import { isCurrent, parseCertificates, verifyKeyPair } from '../certificate/inspect.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { Backlog } from './backlog.ts';
import { BodyMemory } from './body.ts';
import { respondToBrokenRequest } from './broken-request.ts';
import { Connections } from './connections.ts';
import type { ReadinessChecks } from './health.ts';
import { createLimitedServer } from './http-server.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { LoopLag } from './loop-lag.ts';
import { createRequestListener } from './request-listener.ts';
import { createReviewHandler, type ReviewHandler, type ReviewHandlerOptions } from './review-handler.ts';
import { createRoutes, type Protocols } from './routes.ts';
import { bearsName, contextOf, type ServingPair, type TlsOptions } from './tls.ts';

export interface ServerOptions extends Omit<
  ReviewHandlerOptions,
  'recorder' | 'maximumTimeoutMs' | 'largeBytes'
> {
  readonly protocols: Protocols;
  readonly recorder: Recorder;
  /** @default every address of this machine */
  readonly address?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Without it the server speaks plain HTTP. */
  readonly tls?: TlsOptions;
  /** Time of day, for the validity of the certificate. */
  readonly today: () => Date;
  /** What an answer may take when the caller names no timeout, or a longer one. @default 10000 */
  readonly maximumTimeoutMs?: number;
  /** @default {@link DEFAULT_LIMITS} */
  readonly limits?: Partial<Limits>;
}

export interface DrainOptions {
  /** Requests are served as before, while the news that we are going travels. @default 10000 */
  readonly graceMs?: number;
  /** What requests may take after that. @default 15000 */
  readonly finishMs?: number;
}

/** The gate on a port: reviews in, answers out. */
export class ReviewServer implements AsyncDisposable {
  /** For readiness: `listener`, `certificate` and `shutdown`. */
  readonly checks: ReadinessChecks;
  readonly #server: Server | SecureServer;
  readonly #connections: Connections;
  readonly #handler: ReviewHandler;
  readonly #lag: LoopLag;
  readonly #today: () => Date;
  readonly #cut = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #tls: TlsOptions | undefined;
  #certificate: X509Certificate | undefined;
  #draining = false;
  #broken = false;
  #port = 0;

  /** Listens only when {@link startServer} says so. */
  constructor(options: ServerOptions) {
    const { tls, today, recorder, now, maximumTimeoutMs = 10_000 } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const strangers = new WeakSet<Socket>();
    this.#connections = new Connections(limits.connections);
    this.#today = today;
    this.#tls = tls;
    this.#certificate = tls && verifyKeyPair(tls);
    this.#lag = new LoopLag(now);
    this.#handler = createReviewHandler({ ...options, maximumTimeoutMs, largeBytes: limits.largeBytes });
    const listener = createRequestListener({
      routes: createRoutes(options.protocols),
      handler: this.#handler,
      backlog: new Backlog({ limits, lag: this.#lag, now }),
      recorder,
      lag: this.#lag,
      memory: new BodyMemory(limits),
      connections: this.#connections,
      headerCount: limits.headerCount,
      now,
      isDraining: () => this.#draining,
      isAllowed: (socket) => !strangers.has(socket),
    });
    this.#server = createLimitedServer(limits, tls, listener);
    this.#watchConnections(recorder, new Set(tls?.clientNames), strangers);
    this.checks = {
      listener: () => (this.#server.listening ? undefined : 'not listening'),
      certificate: () => findValidityFault(this.#certificate, today()),
      shutdown: () => (this.#broken ? 'something broke' : this.#draining ? 'shutting down' : undefined),
    };
  }

  /** Where it listens, or did. */
  get port(): number {
    return this.#port;
  }

  /** Requests that have not been answered yet. */
  get inflight(): number {
    return this.#connections.inflight;
  }

  /** What new connections get; `undefined` over plain HTTP. */
  get certificate(): X509Certificate | undefined {
    return this.#certificate;
  }

  async listen(port: number, address?: string): Promise<void> {
    this.#server.listen(port, address);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /**
   * Gives new connections another certificate; those that are open keep theirs.
   *
   * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE, KEY_MISMATCH, or CERTIFICATE_NOT_CURRENT when it
   * is not valid now and the old one is; then the old one stays.
   */
  replaceCertificate({ certificate, key }: ServingPair): void {
    const leaf = verifyKeyPair({ certificate, key });
    const fault = findValidityFault(leaf, this.#today());
    if (fault !== undefined && findValidityFault(this.#certificate, this.#today()) === undefined)
      throw new CertificateError('CERTIFICATE_NOT_CURRENT', `the certificate is ${fault}, which is not now`);
    this.#replaceContext({ certificate, key });
    this.#certificate = leaf;
  }

  /**
   * Lets in the clients of these authorities and no others, if clients are asked for a certificate at all. Connections
   * that are open end with their next answer: their clients may be of an authority that counts no more.
   *
   * @throws {CertificateError} CERTIFICATE_UNREADABLE; then the old one stays.
   */
  replaceClientAuthority(clientAuthority: string): void {
    if (this.#tls?.clientAuthority === undefined)
      throw new TypeError('clients are not asked for a certificate');
    parseCertificates(clientAuthority);
    this.#replaceContext({ clientAuthority });
    this.#connections.outdate();
  }

  /**
   * Leaves without losing a review: not ready from now on; serves on for a while, each answer ending its connection;
   * then takes no more connections and finishes what it has. A second call closes at once.
   */
  async drain({ graceMs = 10_000, finishMs = 15_000 }: DrainOptions = {}): Promise<void> {
    if (this.#draining) return this.close();
    this.#draining = true;
    await waitWithin(graceMs, this.#cut.promise);
    this.#server.close(() => this.#closed.resolve());
    this.#connections.endIdle();
    await waitWithin(finishMs, this.#closed.promise);
    return this.close();
  }

  /**
   * Something broke, and nobody knows what: refuses with INTERNAL what has not been answered and whatever comes, and is
   * not ready any more. A drain that is under way waits for no grace.
   */
  fail(): void {
    this.#broken = true;
    this.#handler.fail();
    this.#cut.resolve();
    for (const asked of this.#connections.asked) {
      try {
        asked.fail();
      } catch {
        // Broken as well; the others still wait.
      }
    }
  }

  /** Ends everything now, whoever waits for an answer. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#lag[Symbol.dispose]();
    this.#cut.resolve();
    this.#server.close(() => this.#closed.resolve());
    this.#connections.destroyAll();
    await this.#closed.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #replaceContext(change: Partial<TlsOptions>): void {
    if (!(this.#server instanceof SecureServer) || this.#tls === undefined)
      throw new TypeError('plain HTTP has no certificate');
    const tls = { ...this.#tls, ...change };
    this.#server.setSecureContext(contextOf(tls, tls.clientAuthority));
    this.#tls = tls;
  }

  #watchConnections(recorder: Recorder, clientNames: ReadonlySet<string>, strangers: WeakSet<Socket>): void {
    const isSecure = this.#server instanceof SecureServer;
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      if (!isSecure) this.#connections.ready(socket);
    });
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#connections.ready(socket);
      // Once a connection, for it is the same certificate in every request.
      if (clientNames.size > 0 && !bearsName(socket, clientNames)) strangers.add(socket);
    });
    // A connection that could not be taken, for want of a descriptor: it has ended, and others have not.
    this.#server.on('error', ({ code = 'ACCEPT' }: NodeJS.ErrnoException) => recorder.reject(code));
    this.#server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      const refusal = respondToBrokenRequest(code, socket as Socket, this.#connections);
      if (refusal !== undefined) recorder.reject(refusal.code);
    });
  }
}

/** A server that listens. */
export async function startServer(options: ServerOptions): Promise<ReviewServer> {
  const server = new ReviewServer(options);
  await server.listen(options.port, options.address);
  return server;
}

function findValidityFault(certificate: X509Certificate | undefined, today: Date): string | undefined {
  if (certificate === undefined || isCurrent(certificate, today)) return undefined;
  return `valid from ${certificate.validFrom} to ${certificate.validTo}`;
}

/** Resolves with `event`, or after so many milliseconds without it. */
async function waitWithin(milliseconds: number, event: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, event]);
  clearTimeout(timer);
}
