import { connect, type TLSSocket } from 'node:tls';

/** The address of the server, and how long an idle connection is kept. */
interface GoClientOptions {
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

/** There was no answer: the connection failed or the answer was too late. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: string;
  /** The client's port of the connection, which identifies its endpoint in a balancer. */
  readonly localPort: number | undefined;

  constructor(code: string, localPort: number | undefined) {
    super(code);
    this.code = code;
    this.localPort = localPort;
  }
}

/**
 * Behaves like the client of the API server (Go's `http.Transport`). Idle connections are kept, and the most recently
 * used one is taken first. If no connection is idle, a new one is opened, and the request uses the connection that is
 * ready first: the new one, or one that another request has finished with. A POST is never sent again after its first
 * byte was written. The client ignores the server's `Keep-Alive` header, as Go does; Node's own agent obeys it.
 *
 * @see https://go.dev/src/net/http/transport.go
 */
export class GoClient implements Disposable {
  readonly #options: GoClientOptions;
  readonly #idle: Connection[] = [];
  readonly #wanting = new Set<Want>();
  readonly #all = new Set<Connection>();

  constructor(options: GoClientOptions) {
    this.#options = options;
  }

  /** @throws {ExchangeError} with the code of the socket's error, `EOF` or `TIMEOUT`. */
  post(path: string, body: Buffer, timeoutMs: number): Promise<Reply> {
    const want = new Want(path, body, timeoutMs);
    const idle = this.#idle.pop();
    if (idle === undefined) this.#open(want);
    else idle.carry(want);
    return want.reply;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(want: Want): void {
    this.#wanting.add(want);
    const connection: Connection = new Connection(this.#options, {
      // The request for which the connection was opened has priority, unless another connection has carried it.
      onOpen: () =>
        this.#wanting.delete(want) && !want.isOver ? connection.carry(want) : this.#use(connection),
      onFree: () => this.#use(connection),
      onClose: (error) => {
        this.#all.delete(connection);
        const index = this.#idle.indexOf(connection);
        if (index !== -1) this.#idle.splice(index, 1);
        // The connection could not be opened.
        if (this.#wanting.delete(want)) want.fail(error);
      },
    });
    this.#all.add(connection);
  }

  #use(connection: Connection): void {
    for (const want of this.#wanting) {
      this.#wanting.delete(want);
      if (!want.isOver) return connection.carry(want);
    }
    if (this.#idle.length < MAX_IDLE) this.#idle.push(connection);
    else connection.destroy();
  }
}

/** Idle connections that client-go, the client of the API server, keeps for one host. */
const MAX_IDLE = 25;

/** A request that waits for its reply. */
class Want {
  readonly path: string;
  readonly body: Buffer;
  readonly reply: Promise<Reply>;
  /** Called when the caller gives up. */
  onTimeout: () => void = () => undefined;
  readonly #reply = Promise.withResolvers<Reply>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(path: string, body: Buffer, timeoutMs: number) {
    this.path = path;
    this.body = body;
    this.reply = this.#reply.promise;
    this.#timer = setTimeout(() => {
      this.fail(new ExchangeError('TIMEOUT', undefined));
      this.onTimeout();
    }, timeoutMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  succeed(reply: Reply): void {
    this.#end();
    this.#reply.resolve(reply);
  }

  fail(error: ExchangeError): void {
    this.#end();
    this.#reply.reject(error);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

interface ConnectionEvents {
  readonly onOpen: () => void;
  /** The connection has delivered a reply, and can carry another request. */
  readonly onFree: () => void;
  /** The connection can carry no more requests. Called once or more. */
  readonly onClose: (error: ExchangeError) => void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

class Connection {
  readonly #socket: TLSSocket;
  readonly #events: ConnectionEvents;
  readonly #idleMs: number;
  #received: Buffer[] = [];
  #carried: Want | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #errorCode = 'EOF';
  /** After the socket is closed, its port is unknown. */
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
    this.#socket.on('secureConnect', () => this.#rest(events.onOpen));
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#errorCode = error.code ?? error.message;
    });
    this.#socket.on('end', () => this.#fail('EOF'));
    this.#socket.on('close', () => this.#fail(this.#errorCode));
  }

  carry(want: Want): void {
    clearTimeout(this.#idleTimer);
    this.#carried = want;
    want.onTimeout = () => this.destroy();
    const { path, body } = want;
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
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
    this.#received = [];
    const body = received.toString('utf8', start, start + length);
    this.#carried?.succeed({ status: Number(head.slice(9, 12)), body });
    this.#carried = undefined;
    if (head.includes('\r\nconnection: close')) this.destroy();
    else this.#rest(this.#events.onFree);
  }

  #rest(onRest: () => void): void {
    this.#idleTimer = setTimeout(() => this.destroy(), this.#idleMs).unref();
    onRest();
  }

  #fail(code: string): void {
    clearTimeout(this.#idleTimer);
    const error = new ExchangeError(code, this.#localPort);
    if (this.#carried?.isOver === false) this.#carried.fail(error);
    this.#carried = undefined;
    this.#events.onClose(error);
    this.#socket.destroy();
  }
}
