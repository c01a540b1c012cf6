import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Spreads TCP connections over endpoints, as kube-proxy does. An open connection stays with its endpoint. */
export class Balancer implements Disposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Port of a client → endpoint of its connection. */
  readonly #led = new Map<number, number>();
  #endpoints: readonly number[] = [];
  #next = 0;

  private constructor() {
    this.#server = createServer((client) => this.#carry(client));
  }

  static async open(...endpoints: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer();
    balancer.#endpoints = endpoints;
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  add(endpoint: number): void {
    this.#endpoints = [...this.#endpoints.filter((port) => port !== endpoint), endpoint];
  }

  /** New connections go to other endpoints. */
  drop(endpoint: number): void {
    this.#endpoints = this.#endpoints.filter((port) => port !== endpoint);
  }

  /** The endpoint of the last connection from a client's port. */
  endpointOf(clientPort: number): number | undefined {
    return this.#led.get(clientPort);
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #carry(client: Socket): void {
    const endpoint = this.#endpoints[this.#next++ % this.#endpoints.length];
    client.on('error', () => undefined);
    if (endpoint === undefined) {
      client.resetAndDestroy();
      return;
    }
    this.#led.set(client.remotePort ?? 0, endpoint);
    const server = connect(endpoint, '127.0.0.1');
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.pipe(server).pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(one);
      one.on('error', () => other.resetAndDestroy());
      one.once('close', () => {
        this.#open.delete(one);
        other.destroySoon();
      });
    }
  }
}
