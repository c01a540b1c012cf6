import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { readResponse } from './response.ts';

/**
 * One keep-alive connection. It does not use node:https, because that takes more CPU in the loader than an answer takes in
 * the server. The certificate of the server is made for the run and is not checked.
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

  /** Sends a request and resolves with the body of its response. Only one request can be open. */
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
    try {
      const response = readResponse(this.#received);
      if (response === undefined) return;
      this.#received = this.#received.subarray(response.length);
      this.#waiting?.resolve(response.body);
    } catch (error) {
      this.#waiting?.reject(error);
      this.#socket.destroy();
    }
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  [Symbol.dispose](): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

/** Repeats a request until a server that is starting answers it. */
export async function firstAnswer(port: number, path: string, body: Buffer): Promise<string> {
  for (let attempts = 30_000 / 2; attempts > 0; attempts--) {
    try {
      using connection = await Connection.open(port, path);
      return await connection.post(body);
    } catch {
      // The server does not listen yet. Two milliseconds are the resolution of the measurement.
      await pause(2);
    }
  }
  throw new Error(`port ${port} did not answer within 30 s`);
}
