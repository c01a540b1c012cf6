import type { Socket } from 'node:net';

/** A request that has no answer yet. */
export interface OpenRequest {
  /** Refuses it after an unexpected failure of the server. */
  readonly fail: () => void;
  /** Releases its memory: its connection has closed. */
  readonly close: () => void;
}

/** State of a socket that can carry requests. */
interface Carrier {
  /** Number of requests without an answer. */
  requests: number;
  /** One of these requests; `undefined` if all were refused before their bodies were read. */
  first: OpenRequest | undefined;
  /**
   * The other requests, if the client pipelines. Do not keep all requests of the server in one Set: its backing store
   * moves to the old generation and retains them, which costs as much as the verdict.
   */
  others: Set<OpenRequest> | undefined;
  /** Value of a counter of ended requests. The smallest value belongs to the socket that is idle for longest. */
  idleSince: number;
  /** Generation at the time when the connection was accepted; see {@link Connections.outdateAll}. */
  readonly generation: number;
  /** The earliest time at which the client may have opened the connection. */
  readonly openedMs: number;
  /** When it could carry its first request; `undefined` after that request. */
  readyMs: number | undefined;
}

/** State of a connection before its TLS handshake is complete. */
type Accepted = Pick<Carrier, 'generation' | 'openedMs'>;

/**
 * A client that opens a connection for a request sends the request at the end of the handshake. After a longer pause, the
 * connection was not opened for this request.
 */
const PAUSE_MS = 50;

/** All connections of a server, and the requests that are open on each. */
export class Connections {
  readonly #limit: number;
  readonly #all = new Set<Socket>();
  /** By local and remote address and port, because a TLS socket does not give access to the socket below it. */
  readonly #accepted = new Map<string, Accepted>();
  /** Searched only when the limit is reached. It is not sorted by idle time, because that would slow down every request. */
  readonly #carriers = new Map<Socket, Carrier>();
  #inflight = 0;
  #ended = 0;
  #generation = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of requests without an answer. */
  get inflight(): number {
    return this.#inflight;
  }

  /** Reviews without an answer. */
  get openRequests(): readonly OpenRequest[] {
    return [...this.#carriers.values()].flatMap(openRequestsOn);
  }

  /**
   * Adds a new TCP connection. At the limit the connection that is idle for longest is closed, so that clients that
   * only keep connections open cannot block the API server.
   */
  addConnection(socket: Socket, openedMs: number): void {
    const addresses = addressesOf(socket);
    const accepted: Accepted = { generation: this.#generation, openedMs };
    this.#all.add(socket);
    this.#accepted.set(addresses, accepted);
    socket.once('close', () => {
      this.#all.delete(socket);
      // The client may have opened its next connection from the same port before this event.
      if (this.#accepted.get(addresses) === accepted) this.#accepted.delete(addresses);
    });
    if (this.#all.size >= this.#limit) this.#findLongestIdle()?.destroy();
  }

  /** Adds a socket that can carry requests: the connection of plain HTTP, or the TLS socket after its handshake. */
  addSocket(socket: Socket, nowMs: number): void {
    this.#ended += 1;
    const accepted = this.#accepted.get(addressesOf(socket));
    const carrier: Carrier = {
      requests: 0,
      first: undefined,
      others: undefined,
      idleSince: this.#ended,
      // An unknown connection counts as older than all others.
      generation: accepted?.generation ?? -1,
      openedMs: accepted?.openedMs ?? nowMs,
      readyMs: nowMs,
    };
    this.#carriers.set(socket, carrier);
    socket.once('close', () => {
      this.#carriers.delete(socket);
      this.#abandon(carrier);
    });
  }

  /**
   * The earliest time at which the client may have begun a request whose first bytes arrived at `arrivedMs`, or later. The
   * first request of a connection may have waited for the connection.
   */
  beginOf(socket: Socket, arrivedMs: number): number {
    const carrier = this.#carriers.get(socket);
    if (carrier?.readyMs === undefined) return arrivedMs;
    const isAwaited = arrivedMs - carrier.readyMs < PAUSE_MS;
    carrier.readyMs = undefined;
    return isAwaited ? Math.min(arrivedMs, carrier.openedMs) : arrivedMs;
  }

  /** Registers a request that arrived. Without `request` it was refused before its body was read. */
  startRequest(socket: Socket, request?: OpenRequest): void {
    const carrier = this.#carriers.get(socket);
    if (carrier === undefined) return;
    this.#inflight += 1;
    carrier.requests += 1;
    if (request === undefined) return;
    if (carrier.first === undefined) carrier.first = request;
    else (carrier.others ??= new Set()).add(request);
  }

  /** Removes a request that was answered or abandoned. A second call, or a call after the end of the connection, has no effect. */
  endRequest(socket: Socket, request?: OpenRequest): void {
    const carrier = this.#carriers.get(socket);
    if (carrier === undefined) return;
    if (request !== undefined && carrier.first !== request && carrier.others?.delete(request) !== true)
      return;
    if (carrier.first === request) carrier.first = undefined;
    this.#inflight -= 1;
    this.#ended += 1;
    carrier.requests -= 1;
    carrier.idleSince = this.#ended;
  }

  /** Whether a request on this socket has no answer yet. */
  hasRequest(socket: Socket): boolean {
    const carrier = this.#carriers.get(socket);
    return carrier === undefined || carrier.requests > 0;
  }

  /**
   * Marks each open connection to be closed after its next response, also those still in the TLS handshake, because the
   * authorities of a connection are fixed when it is accepted. Idle connections are not closed either: the
   * client may just have sent a review, and Go's client does not repeat a POST.
   */
  outdateAll(): void {
    this.#generation += 1;
  }

  isOutdated(socket: Socket): boolean {
    const carrier = this.#carriers.get(socket);
    return carrier !== undefined && carrier.generation < this.#generation;
  }

  /** Closes each connection without an open request. */
  closeIdle(): void {
    for (const [socket, { requests }] of this.#carriers) if (requests === 0) socket.destroySoon();
  }

  destroyAll(): void {
    for (const socket of [...this.#carriers.keys(), ...this.#all]) socket.destroy();
  }

  /**
   * Ends all requests of a closed connection. Not every response emits `close`: on Node 24.15 and 26.0 one that waits
   * behind another does not. A client could then fill the memory for bodies with requests that never end.
   */
  #abandon(carrier: Carrier): void {
    this.#inflight -= carrier.requests;
    for (const request of openRequestsOn(carrier)) request.close();
  }

  #findLongestIdle(): Socket | undefined {
    let longest: Socket | undefined;
    let since = Infinity;
    for (const [socket, { requests, idleSince }] of this.#carriers) {
      if (requests > 0 || idleSince >= since) continue;
      longest = socket;
      since = idleSince;
    }
    return longest;
  }
}

function openRequestsOn({ first, others }: Carrier): readonly OpenRequest[] {
  return first === undefined ? [...(others ?? [])] : [first, ...(others ?? [])];
}

function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
