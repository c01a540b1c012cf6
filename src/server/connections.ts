import type { Socket } from 'node:net';
import type { Asked } from './asked.ts';

/** A socket that can carry requests, and whether it carries one. */
interface Carrier {
  isBusy: boolean;
  /** What is to be answered on it; more than one only where a caller does not wait for answers. */
  asked: Asked | undefined;
  /** Grows with every request that ends: the smallest of those that wait has waited for longest. */
  idleSince: number;
  /** It ends with its next answer. */
  isOutdated: boolean;
}

/** Who is connected, and who of them has waited for longest without a request. */
export class Connections {
  readonly #limit: number;
  readonly #all = new Set<Socket>();
  /** Looked through at the limit only; every request pays for a change of it, so that none changes it. */
  readonly #carriers = new Map<Socket, Carrier>();
  /**
   * What came on a connection behind something that has not been answered. A set of everything that was asked would
   * leave each of its tables behind in the old generation, with what stood in it, and cost as much as the verdict.
   */
  readonly #behind = new Set<Asked>();
  #inflight = 0;
  #ended = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Requests that have not been answered yet. */
  get inflight(): number {
    return this.#inflight;
  }

  /** What has not been answered yet. */
  get asked(): readonly Asked[] {
    const first = [...this.#carriers.values()].flatMap(({ asked }) => (asked === undefined ? [] : [asked]));
    return [...first, ...this.#behind];
  }

  /**
   * A connection came. At the limit the longest idle one ends: strangers that only hold connections must not keep the
   * API server out.
   */
  add(socket: Socket): void {
    this.#all.add(socket);
    socket.once('close', () => this.#all.delete(socket));
    if (this.#all.size >= this.#limit) this.#findLongestIdle()?.destroy();
  }

  /** A socket can carry requests: the connection itself, or the TLS socket on it. */
  ready(socket: Socket): void {
    this.#ended += 1;
    this.#carriers.set(socket, {
      isBusy: false,
      asked: undefined,
      idleSince: this.#ended,
      isOutdated: false,
    });
    socket.once('close', () => this.#carriers.delete(socket));
  }

  /** A request came; with it, unless it was refused at its head, what has to be answered. */
  busy(socket: Socket, asked?: Asked): void {
    this.#inflight += 1;
    const carrier = this.#carriers.get(socket);
    if (carrier !== undefined) carrier.isBusy = true;
    if (asked === undefined) return;
    if (carrier === undefined || carrier.asked !== undefined) this.#behind.add(asked);
    else carrier.asked = asked;
  }

  /** It was answered, or given up. */
  idle(socket: Socket, asked?: Asked): void {
    this.#inflight -= 1;
    this.#ended += 1;
    const carrier = this.#carriers.get(socket);
    if (asked !== undefined && carrier?.asked !== asked) this.#behind.delete(asked);
    if (carrier === undefined) return;
    if (carrier.asked === asked) carrier.asked = undefined;
    carrier.isBusy = false;
    carrier.idleSince = this.#ended;
  }

  isBusy(socket: Socket): boolean {
    return this.#carriers.get(socket)?.isBusy ?? true;
  }

  /** All that are open end with their next answer. A caller finds one that ends while it is idle a moment too late. */
  outdate(): void {
    for (const carrier of this.#carriers.values()) carrier.isOutdated = true;
  }

  isOutdated(socket: Socket): boolean {
    return this.#carriers.get(socket)?.isOutdated ?? false;
  }

  endIdle(): void {
    for (const [socket, { isBusy }] of this.#carriers) if (!isBusy) socket.destroySoon();
  }

  destroyAll(): void {
    for (const socket of [...this.#carriers.keys(), ...this.#all]) socket.destroy();
  }

  #findLongestIdle(): Socket | undefined {
    let longest: Socket | undefined;
    let since = Infinity;
    for (const [socket, { isBusy, idleSince }] of this.#carriers) {
      if (isBusy || idleSince >= since) continue;
      longest = socket;
      since = idleSince;
    }
    return longest;
  }
}
