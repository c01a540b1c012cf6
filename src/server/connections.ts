import type { Socket } from 'node:net';

/** Who is connected, and who of them has waited for longest without a request. */
export class Connections {
  readonly #limit: number;
  readonly #all = new Set<Socket>();
  /** Sockets without a request, the longest idle first: one that becomes idle again goes to the end. */
  readonly #idle = new Set<Socket>();
  #inflight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Requests that have not been answered yet. */
  get inflight(): number {
    return this.#inflight;
  }

  /**
   * A connection came. At the limit the longest idle one ends: strangers that only hold connections must not keep the
   * API server out.
   */
  add(socket: Socket): void {
    this.#all.add(socket);
    socket.once('close', () => this.#all.delete(socket));
    if (this.#all.size < this.#limit) return;
    const [longest] = this.#idle;
    longest?.destroy();
  }

  /** A socket can carry requests: the connection itself, or the TLS socket on it. */
  ready(socket: Socket): void {
    this.#idle.add(socket);
    socket.once('close', () => this.#idle.delete(socket));
  }

  /** A request came. */
  busy(socket: Socket): void {
    this.#inflight += 1;
    this.#idle.delete(socket);
  }

  /** It was answered, or given up. */
  idle(socket: Socket): void {
    this.#inflight -= 1;
    if (!socket.destroyed) this.#idle.add(socket);
  }

  isBusy(socket: Socket): boolean {
    return !this.#idle.has(socket);
  }

  endIdle(): void {
    for (const socket of this.#idle) socket.destroySoon();
  }

  destroyAll(): void {
    for (const socket of [...this.#idle, ...this.#all]) socket.destroy();
  }
}
