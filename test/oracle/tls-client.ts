import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Case } from './case.ts';
import type { Reply } from './judge.ts';

/** The address of a gate, and the CA of its certificate. */
export interface Address {
  readonly port: number;
  /** PEM. */
  readonly authority: string;
}

interface Waiting {
  readonly resolve: (reply: Reply | undefined) => void;
  readonly startedMs: number;
}

/** Closes the connection, as an API server does at times. The next connection gets the current certificate. */
const CASES_PER_CONNECTION = 500;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const CONNECT_MS = 10_000;

/**
 * One caller with one keep-alive connection. It implements HTTP itself, because a client of Node takes more CPU than
 * the answer.
 */
export class TlsClient implements Disposable {
  readonly #address: () => Address;
  #socket: TLSSocket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #testCase = 0;

  constructor(address: () => Address) {
    this.#address = address;
  }

  /** The answer; `undefined` if none comes within the time of the case. Never rejects. */
  async ask(testCase: Case): Promise<Reply | undefined> {
    if ((this.#testCase += 1) % CASES_PER_CONNECTION === 0) this.hangUp();
    const startedMs = performance.now();
    let socket: TLSSocket;
    try {
      socket = await this.#connection();
    } catch {
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.#waiting = { resolve, startedMs };
    const timer = setTimeout(() => this.#settle(undefined, true), testCase.timeoutMs);
    const { target, body } = testCase;
    const head = `POST ${target} HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
    const reply = await promise;
    clearTimeout(timer);
    return reply;
  }

  /** The next case gets a new connection. */
  hangUp(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  [Symbol.dispose](): void {
    this.hangUp();
  }

  async #connection(): Promise<TLSSocket> {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const { port, authority } = this.#address();
    const socket = connect({ host: '127.0.0.1', port, ca: authority, ALPNProtocols: ['http/1.1'] });
    socket.on('error', () => this.#settle(undefined, true));
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(CONNECT_MS) });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => {
      if (this.#socket === socket) this.#settle(undefined, true);
    });
    this.#received = Buffer.alloc(0);
    this.#socket = socket;
    return socket;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end === -1 || this.#waiting === undefined) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    const start = end + END_OF_HEAD.length;
    if (this.#received.length < start + length) return;
    const reply = {
      status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]),
      body: this.#received.toString('utf8', start, start + length),
      elapsedMs: performance.now() - this.#waiting.startedMs,
      ...problemOf(head, this.#received.length - start, length),
    };
    this.#received = Buffer.alloc(0);
    this.#settle(reply, /\r\nconnection: *close/i.test(head));
  }

  #settle(reply: Reply | undefined, isOver: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (isOver) this.hangUp();
    waiting?.resolve(reply);
  }
}

/** K08: the response is JSON of the announced length, without a header that a client would follow. */
function problemOf(head: string, received: number, length: number): Pick<Reply, 'problem'> {
  if (!/\r\ncontent-type: *application\/json(?:\r\n|$)/i.test(head))
    return { problem: 'the Content-Type is not JSON' };
  if (/\r\nlocation:/i.test(head)) return { problem: 'it leads elsewhere' };
  return received === length ? {} : { problem: 'the body is longer than its Content-Length' };
}
