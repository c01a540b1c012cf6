import type { Socket } from 'node:net';
import type { Asked } from './asked.ts';

/** A socket that can carry requests, and what it carries. */
interface Carrier {
  /** Requests that have not been answered yet. */
  requests: number;
  /** One of them, unless all were refused at their heads. */
  asked: Asked | undefined;
  /**
   * The others, of a caller that does not wait for answers. A set of everything that was asked would leave each of its
   * tables behind in the old generation, with what stood in it, and cost as much as the verdict.
   */
  behind: Set<Asked> | undefined;
  /** Grows with every request that ends: the smallest of those that wait has waited for longest. */
  idleSince: number;
  /** How often connections had been outdated when it was accepted. */
  readonly epoch: number;
}

/** What is known of a connection before anybody can ask on it. */
type Accepted = Pick<Carrier, 'epoch'>;

/** Who is connected, and who of them has waited for longest without a request. */
export class Connections {
  readonly #limit: number;
  readonly #all = new Set<Socket>();
  /** By both ends, for a TLS socket does not say which connection it is on. */
  readonly #accepted = new Map<string, Accepted>();
  /** Looked through at the limit only; every request pays for a change of it, so that none changes it. */
  readonly #carriers = new Map<Socket, Carrier>();
  #inflight = 0;
  #ended = 0;
  #epoch = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Requests that have not been answered yet. */
  get inflight(): number {
    return this.#inflight;
  }

  /** What has not been answered yet. */
  get asked(): readonly Asked[] {
    return [...this.#carriers.values()].flatMap(askedOn);
  }

  /**
   * A connection came. At the limit the longest idle one ends: strangers that only hold connections must not keep the
   * API server out.
   */
  add(socket: Socket): void {
    const ends = endsOf(socket);
    const accepted: Accepted = { epoch: this.#epoch };
    this.#all.add(socket);
    this.#accepted.set(ends, accepted);
    socket.once('close', () => {
      this.#all.delete(socket);
      // The next connection of its peer may come from the same port before this one is known to be closed.
      if (this.#accepted.get(ends) === accepted) this.#accepted.delete(ends);
    });
    if (this.#all.size >= this.#limit) this.#findLongestIdle()?.destroy();
  }

  /** A socket can carry requests: the connection itself, or the TLS socket on it. */
  ready(socket: Socket): void {
    this.#ended += 1;
    const carrier: Carrier = {
      requests: 0,
      asked: undefined,
      behind: undefined,
      idleSince: this.#ended,
      // Of one that is not known any more: older than all.
      epoch: this.#accepted.get(endsOf(socket))?.epoch ?? -1,
    };
    this.#carriers.set(socket, carrier);
    socket.once('close', () => {
      this.#carriers.delete(socket);
      this.#giveUp(carrier);
    });
  }

  /** A request came; with it, unless it was refused at its head, what has to be answered. */
  busy(socket: Socket, asked?: Asked): void {
    const carrier = this.#carriers.get(socket);
    if (carrier === undefined) return;
    this.#inflight += 1;
    carrier.requests += 1;
    if (asked === undefined) return;
    if (carrier.asked === undefined) carrier.asked = asked;
    else (carrier.behind ??= new Set()).add(asked);
  }

  /** It was answered, or given up; told again, or after the end of its connection, it is nothing new. */
  idle(socket: Socket, asked?: Asked): void {
    const carrier = this.#carriers.get(socket);
    if (carrier === undefined) return;
    if (asked !== undefined && carrier.asked !== asked && carrier.behind?.delete(asked) !== true) return;
    if (carrier.asked === asked) carrier.asked = undefined;
    this.#inflight -= 1;
    this.#ended += 1;
    carrier.requests -= 1;
    carrier.idleSince = this.#ended;
  }

  isBusy(socket: Socket): boolean {
    const carrier = this.#carriers.get(socket);
    return carrier === undefined || carrier.requests > 0;
  }

  /**
   * All that are open end with their next answer, those amid their handshakes too: what a client must show was settled
   * when its connection was accepted. None is cut off: a caller finds one that ends while it is idle a moment too late, and
   * with the last bytes of its handshake it has sent its first review, which Go's client sends only once.
   */
  outdate(): void {
    this.#epoch += 1;
  }

  isOutdated(socket: Socket): boolean {
    const carrier = this.#carriers.get(socket);
    return carrier !== undefined && carrier.epoch < this.#epoch;
  }

  endIdle(): void {
    for (const [socket, { requests }] of this.#carriers) if (requests === 0) socket.destroySoon();
  }

  destroyAll(): void {
    for (const socket of [...this.#carriers.keys(), ...this.#all]) socket.destroy();
  }

  /**
   * Its connection has closed. Not every response learns of it: on Node 24.15 and 26.0 one that waits behind another
   * does not, and a stranger would fill the memory for bodies with what nobody will ever answer.
   */
  #giveUp(carrier: Carrier): void {
    this.#inflight -= carrier.requests;
    for (const asked of askedOn(carrier)) asked.close();
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

function askedOn({ asked, behind }: Carrier): readonly Asked[] {
  return asked === undefined ? [...(behind ?? [])] : [asked, ...(behind ?? [])];
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
