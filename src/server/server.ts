import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CertificateError } from '../certificate/errors.ts';
import {
  type ClientAuthorities,
  findAuthorityEnd,
  readClientAuthorities,
  requireClientAuthorities,
} from '../certificate/client-authorities.ts';
import { isCurrent, verifyKeyPair } from '../certificate/inspect.ts';
import { findUseFaults } from '../certificate/use.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { Backlog } from './backlog.ts';
import { BodyMemory } from './body.ts';
import { respondToBrokenRequest } from './broken-request.ts';
import { findClientRefusal } from './client-certificates.ts';
import { Connections } from './connections.ts';
import type { ReadinessChecks } from './health.ts';
import { createLimitedServer } from './http-server.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { LoopLag } from './loop-lag.ts';
import { createRequestListener } from './request-listener.ts';
import { createRoutes, type Protocols } from './routes.ts';
import type { ReviewContext, ServerContext } from './server-context.ts';
import { hasName, contextOf, type ServingPair, type TlsOptions, useContext } from './tls.ts';

export interface ServerOptions extends Pick<ReviewContext, 'bouncer' | 'now' | 'today' | 'onFailure'> {
  readonly protocols: Protocols;
  readonly recorder: Recorder;
  /** @default all addresses of this machine */
  readonly address?: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** Without it the server uses plain HTTP. */
  readonly tls?: TlsOptions;
  /** Maximum time for an answer if the caller sends no timeout, or a longer one. @default 10000 */
  readonly maximumTimeoutMs?: number;
  /** @default {@link DEFAULT_LIMITS} */
  readonly limits?: Partial<Limits>;
}

interface DrainOptions {
  /** Requests are served as before for this time, until no new ones are sent to this server. @default 10000 */
  readonly graceMs?: number;
  /** Maximum time for open requests after that. @default 15000 */
  readonly finishMs?: number;
}

/** Serves reviews on one port. */
export class ReviewServer implements AsyncDisposable {
  /** Readiness checks `listener`, `certificate` and `shutdown`. */
  readonly checks: ReadinessChecks;
  readonly #server: Server | SecureServer;
  readonly #connections: Connections;
  readonly #lag: LoopLag;
  readonly #today: () => Date;
  readonly #cut = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #tls: ServingPair | undefined;
  #certificate: X509Certificate | undefined;
  /** `undefined` if client certificates are not requested. */
  #clients: ClientAuthorities | undefined;
  #draining = false;
  #broken = false;
  #port = 0;

  /** Does not listen yet; use {@link startServer}. @throws {CertificateError} as {@link readClientAuthorities} does */
  constructor(options: ServerOptions) {
    const { tls, today, recorder, now, maximumTimeoutMs = 10_000 } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const notAllowed = new WeakSet<Socket>();
    this.#connections = new Connections(limits.connections);
    this.#today = today;
    this.#certificate = tls && verifyKeyPair(tls);
    if (tls?.clientAuthority !== undefined) this.#clients = readClientAuthorities(tls.clientAuthority);
    this.#lag = new LoopLag(now);
    const context: ServerContext = {
      bouncer: options.bouncer,
      recorder,
      now,
      today,
      maximumTimeoutMs,
      limits,
      ...(options.onFailure && { onFailure: options.onFailure }),
      isBroken: () => this.#broken,
      routes: createRoutes(options.protocols),
      backlog: new Backlog({ limits, lag: this.#lag, now }),
      memory: new BodyMemory(limits),
      connections: this.#connections,
      lag: this.#lag,
      isDraining: () => this.#draining,
      isAllowed: (socket) => !notAllowed.has(socket),
    };
    const handshake = tls && { isMutual: this.#clients !== undefined };
    this.#server = createLimitedServer(limits, handshake, createRequestListener(context));
    if (tls !== undefined) this.#useContext(tls, this.#clients);
    this.#watchConnections(recorder, now, new Set(tls?.clientNames), notAllowed);
    this.checks = {
      listener: () => (this.#server.listening ? undefined : 'not listening'),
      certificate: () =>
        findValidityFault(this.#certificate, today()) ??
        (this.#clients && findAuthorityEnd(this.#clients, today())),
      shutdown: () => (this.#broken ? 'something broke' : this.#draining ? 'shutting down' : undefined),
    };
  }

  /** The port on which it listens, or listened before it was closed. */
  get port(): number {
    return this.#port;
  }

  /** Number of requests without an answer. */
  get inflight(): number {
    return this.#connections.inflight;
  }

  /** The certificate for new connections; `undefined` with plain HTTP. */
  get certificate(): X509Certificate | undefined {
    return this.#certificate;
  }

  /** Why certificates of the client authorities are ignored. */
  get ignoredClientAuthorities(): readonly string[] {
    return this.#clients?.ignored ?? [];
  }

  async listen(port: number, address?: string): Promise<void> {
    this.#server.listen(port, address);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /**
   * Replaces the certificate for new connections. Open connections keep theirs.
   *
   * @throws {CertificateError} CERTIFICATE_UNREADABLE, KEY_UNREADABLE, KEY_MISMATCH, CERTIFICATE_NOT_CURRENT if it is not
   * valid now and the old one is, or CERTIFICATE_NOT_FOR_SERVING if no client would accept it and the old one is for servers. The
   * old one then stays.
   */
  replaceCertificate({ certificate, key }: ServingPair): void {
    const leaf = verifyKeyPair({ certificate, key });
    const fault = findValidityFault(leaf, this.#today());
    if (fault !== undefined && findValidityFault(this.#certificate, this.#today()) === undefined)
      throw new CertificateError('CERTIFICATE_NOT_CURRENT', `the certificate is ${fault}, which is not now`);
    const faults = findUseFaults(leaf, 'server');
    if (faults.length > 0 && this.#certificate && findUseFaults(this.#certificate, 'server').length === 0)
      throw new CertificateError(
        'CERTIFICATE_NOT_FOR_SERVING',
        `the certificate is not for a server: ${faults.join('; ')}`,
      );
    this.#useContext({ certificate, key }, this.#clients);
    this.#certificate = leaf;
  }

  /**
   * Replaces the authorities (PEM) that client certificates must come from. Each open connection closes after its next
   * response, because its client certificate may come from an authority that was removed.
   *
   * @throws {CertificateError} CERTIFICATE_UNREADABLE, NOT_AN_AUTHORITY or AUTHORITY_EXPIRED, if no client could connect. The
   * old authorities then stay.
   * @throws {TypeError} if the server does not request client certificates
   */
  replaceClientAuthority(clientAuthority: string): void {
    if (this.#clients === undefined || this.#tls === undefined)
      throw new TypeError('the server does not request client certificates');
    const clients = requireClientAuthorities(clientAuthority, this.#today());
    this.#useContext(this.#tls, clients);
    this.#clients = clients;
    this.#connections.outdateAll();
  }

  /**
   * Shuts down without losing a review: reports that it is not ready; serves for `graceMs`, while each connection closes
   * after its next response; then accepts no connections and finishes open requests. A second call closes immediately.
   */
  async drain({ graceMs = 10_000, finishMs = 15_000 }: DrainOptions = {}): Promise<void> {
    if (this.#draining) return this.close();
    this.#draining = true;
    await waitWithin(graceMs, this.#cut.promise);
    this.#server.close(() => this.#closed.resolve());
    this.#connections.closeIdle();
    await waitWithin(finishMs, this.#closed.promise);
    return this.close();
  }

  /**
   * Call it after an unexpected failure: refuses all open and future reviews with INTERNAL, and reports that it is not
   * ready. A running {@link drain} skips the rest of its grace time.
   */
  fail(): void {
    this.#broken = true;
    this.#cut.resolve();
    for (const request of this.#connections.openRequests) {
      try {
        request.fail();
      } catch {
        // The other requests still need an answer.
      }
    }
  }

  /** Closes all connections now, also those with open requests. */
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

  #useContext({ certificate, key }: ServingPair, clients: ClientAuthorities | undefined): void {
    if (!(this.#server instanceof SecureServer)) throw new TypeError('plain HTTP has no certificate');
    useContext(this.#server, contextOf({ certificate, key }, clients?.certificates));
    this.#tls = { certificate, key };
  }

  #watchConnections(
    recorder: Recorder,
    now: () => number,
    clientNames: ReadonlySet<string>,
    notAllowed: WeakSet<Socket>,
  ): void {
    const isSecure = this.#server instanceof SecureServer;
    this.#server.on('connection', (socket: Socket) => {
      const nowMs = now();
      this.#connections.addConnection(socket, this.#lag.countAccepted(nowMs));
      if (!isSecure) this.#connections.addSocket(socket, nowMs);
    });
    // Before the listener of Node's HTTP server, so that a client that is refused cannot send a request.
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => {
      const clients = this.#clients;
      const refusal = clients && findClientRefusal(socket, clients.certificates, this.#today());
      if (refusal !== undefined) {
        notAllowed.add(socket);
        socket.destroy();
        recorder.refuseClient(refusal);
        return;
      }
      this.#connections.addSocket(socket, now());
      // Checked once for each connection, because all its requests have the same certificate.
      if (clientNames.size > 0 && !hasName(socket, clientNames)) notAllowed.add(socket);
    });
    // A connection could not be accepted, because there was no file descriptor. Other connections are not affected.
    this.#server.on('error', ({ code = 'ACCEPT' }: NodeJS.ErrnoException) => recorder.reject(code));
    this.#server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      const refusal = respondToBrokenRequest(code, socket as Socket, this.#connections);
      if (refusal !== undefined) recorder.reject(refusal.code);
    });
  }
}

/** Starts a server that listens. */
export async function startServer(options: ServerOptions): Promise<ReviewServer> {
  const server = new ReviewServer(options);
  await server.listen(options.port, options.address);
  return server;
}

function findValidityFault(certificate: X509Certificate | undefined, today: Date): string | undefined {
  if (certificate === undefined || isCurrent(certificate, today)) return undefined;
  return `valid from ${certificate.validFrom} to ${certificate.validTo}`;
}

/** Resolves with `event`, or after `milliseconds` without it. */
async function waitWithin(milliseconds: number, event: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, event]);
  clearTimeout(timer);
}
