import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * One keep-alive connection, spoken by hand: node:https costs the loader more than the server spends on the answer.
 * The server's certificate is made for the run and not checked.
 */
export class Connection implements Disposable {
  readonly #socket: TLSSocket;
  readonly #head: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<string> | undefined;

  private constructor(socket: TLSSocket, path: string) {
    this.#socket = socket;
    this.#head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: `;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    socket.on('error', (error) => this.#fail(error));
  }

  static async open(port: number, path: string): Promise<Connection> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    return new Connection(socket, path);
  }

  /** The body of the answer; one request at a time. */
  post(body: Buffer): Promise<string> {
    this.#waiting = Promise.withResolvers<string>();
    this.#socket.cork();
    this.#socket.write(`${this.#head}${body.length}\r\n\r\n`, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
    return this.#waiting.promise;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = this.#received.toString('latin1', 0, end);
    const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
    if (length === undefined || !head.startsWith('HTTP/1.1 200 ')) {
      this.#fail(new Error(`not an answer that this loader reads: ${head}`));
      return;
    }
    const start = end + END_OF_HEAD.length;
    if (this.#received.length < start + Number(length)) return;
    const body = this.#received.toString('utf8', start, start + Number(length));
    this.#received = Buffer.alloc(0);
    this.#waiting?.resolve(body);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  [Symbol.dispose](): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

/** The first answer of a server that is starting, asked for until it comes. */
export async function firstAnswer(port: number, path: string, body: Buffer): Promise<string> {
  for (let patience = 30_000 / 2; patience > 0; patience--) {
    try {
      using connection = await Connection.open(port, path);
      return await connection.post(body);
    } catch {
      // Not listening yet; two milliseconds are the resolution of the measurement.
      await pause(2);
    }
  }
  throw new Error(`no answer from port ${port} within half a minute`);
}
