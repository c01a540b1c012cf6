import { connect, type TLSSocket } from 'node:tls';

/** Where to ask, and how long a connection that nobody uses is kept. */
export interface GoClientOptions {
  readonly port: number;
  /** PEM of the authority behind the server's certificate. */
  readonly authority: string;
  /** Go's `IdleConnTimeout`, in milliseconds. @default 90000 */
  readonly idleMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** No answer came: the connection failed, or was not there in time. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: string;
  /** Our end of the connection, by which a balancer knows where it led. */
  readonly localPort: number | undefined;

  constructor(code: string, localPort: number | undefined) {
    super(code);
    this.code = code;
    this.localPort = localPort;
  }
}

/**
 * Asks as the API server's client does (Go's `http.Transport`): idle connections are kept and the last used comes
 * first, one is opened when none is idle, and a POST whose first byte was written is never sent again. The server's
 * `Keep-Alive` header, which Node's own agent obeys and Go's does not, is ignored.
 */
export class GoClient implements Disposable {
  readonly #options: GoClientOptions;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(options: GoClientOptions) {
    this.#options = options;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#all.size;
  }

  /** @throws {ExchangeError} with the code of the socket's error, `EOF` or `TIMEOUT`. */
  post(path: string, body: Buffer, timeoutMs: number): Promise<Reply> {
    const connection = this.#idle.pop() ?? this.#open();
    return connection.post(path, body, timeoutMs);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(): Connection {
    const connection: Connection = new Connection(this.#options, {
      onIdle: () => this.#idle.push(connection),
      onClose: () => {
        this.#all.delete(connection);
        const index = this.#idle.indexOf(connection);
        if (index !== -1) this.#idle.splice(index, 1);
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

interface ConnectionEvents {
  readonly onIdle: () => void;
  /** It can carry no more requests; told once or more. */
  readonly onClose: () => void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

class Connection {
  readonly #socket: TLSSocket;
  readonly #events: ConnectionEvents;
  readonly #idleMs: number;
  #received: Buffer[] = [];
  #waiting: PromiseWithResolvers<Reply> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #errorCode = 'EOF';
  /** A socket that is closed no longer knows it. */
  #localPort: number | undefined;

  constructor({ port, authority, idleMs = 90_000 }: GoClientOptions, events: ConnectionEvents) {
    this.#events = events;
    this.#idleMs = idleMs;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: authority,
      ALPNProtocols: ['http/1.1'],
    });
    this.#socket.setNoDelay(true);
    this.#socket.on('connect', () => {
      this.#localPort = this.#socket.localPort;
    });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#errorCode = error.code ?? error.message;
    });
    this.#socket.on('end', () => this.#fail('EOF'));
    this.#socket.on('close', () => this.#fail(this.#errorCode));
  }

  post(path: string, body: Buffer, timeoutMs: number): Promise<Reply> {
    clearTimeout(this.#timer);
    this.#waiting = Promise.withResolvers<Reply>();
    this.#timer = setTimeout(() => this.#fail('TIMEOUT'), timeoutMs);
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
    return this.#waiting.promise;
  }

  destroy(): void {
    this.#fail('CLOSED');
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    const received = Buffer.concat(this.#received);
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.toString('latin1', 0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
    const start = end + END_OF_HEAD.length;
    if (received.length < start + length) return;
    const reply = {
      status: Number(head.slice(9, 12)),
      body: received.toString('utf8', start, start + length),
    };
    this.#received = [];
    clearTimeout(this.#timer);
    this.#waiting?.resolve(reply);
    this.#waiting = undefined;
    if (head.includes('\r\nconnection: close')) this.destroy();
    else this.#rest();
  }

  #rest(): void {
    this.#timer = setTimeout(() => this.destroy(), this.#idleMs).unref();
    this.#events.onIdle();
  }

  #fail(code: string): void {
    clearTimeout(this.#timer);
    this.#waiting?.reject(new ExchangeError(code, this.#localPort));
    this.#waiting = undefined;
    this.#events.onClose();
    this.#socket.destroy();
  }
}
