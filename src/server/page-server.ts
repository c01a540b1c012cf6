import { createServer, type Server, type Socket } from 'node:net';
import { reasonPhraseOf } from './http-server.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The allowed methods, for status 405. */
  readonly allow?: string;
}

/** By path without query. */
export type Pages = ReadonlyMap<string, () => Page | Promise<Page>>;

interface PageServer {
  readonly server: Server;
  /** Closes the server and all connections now. */
  readonly close: () => Promise<void>;
}

export const TEXT = 'text/plain; charset=utf-8';
const REQUEST_LINE = /^([A-Z]{1,16}) (\/[^\s?]*)(?:\?\S*)? HTTP\/1\.[01]\r\n/;
const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD_BYTES = 8192;
/** Maximum time from the start of a connection to the end of its response, also if the client does not read it. */
const WHOLE_MS = 10_000;
const MAX_CONNECTIONS = 256;

/**
 * Answers one request on each connection and never reads a second one: the kubelet sends none, and Prometheus opens a new
 * connection.
 *
 * It does not use Node's HTTP server, whose parser makes a request and a response of every head in a packet before it can
 * be stopped, so a packet full of small requests would stall the process and take memory.
 */
export function createPageServer(pages: Pages, wholeMs = WHOLE_MS): PageServer {
  const open = new Set<Socket>();
  // A client that half-closes its connection still reads the response.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    keepWithinLimit(open, socket);
    const timer = setTimeout(() => socket.destroy(), wholeMs);
    socket.on('close', () => clearTimeout(timer));
    // An error ends this connection and affects nothing else.
    socket.on('error', () => undefined);
    readHead(socket, (head) => void answer(socket, pages, head));
  });
  const close = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
    await promise;
  };
  return { server, close };
}

/**
 * Closes the oldest connection at the limit. Node would refuse the new one instead. Clients that never read could
 * then block the kubelet, which restarts a gate that does not answer its probes.
 */
function keepWithinLimit(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  const [oldest] = open;
  if (oldest === undefined || open.size <= MAX_CONNECTIONS) return;
  open.delete(oldest);
  oldest.destroy();
}

/** Calls `take` with the complete head, or with '' if it is too long. Bytes after the head are not read. */
function readHead(socket: Socket, take: (head: string) => void): void {
  let head = '';
  const giveUp = (): void => void socket.destroy();
  const read = (chunk: Buffer): void => {
    const before = head.length;
    head += chunk.toString('latin1', 0, MAX_HEAD_BYTES - before);
    const isWhole = head.includes(END_OF_HEAD, Math.max(0, before - END_OF_HEAD.length));
    if (!isWhole && head.length < MAX_HEAD_BYTES) return;
    socket.pause().off('data', read).off('end', giveUp);
    take(isWhole ? head : '');
  };
  socket.on('data', read).on('end', giveUp);
}

async function answer(socket: Socket, pages: Pages, head: string): Promise<void> {
  const [, method = '', path = ''] = REQUEST_LINE.exec(head) ?? [];
  const page = await findPage(pages, method, path);
  socket.write(render(page, method !== 'HEAD'));
  socket.destroySoon();
}

async function findPage(pages: Pages, method: string, path: string): Promise<Page> {
  if (path === '') return { status: 400, type: TEXT, text: 'bad request\n' };
  const make = pages.get(path);
  if (make === undefined) return { status: 404, type: TEXT, text: 'not found\n' };
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, type: TEXT, text: 'method not allowed\n', allow: 'GET, HEAD' };
  try {
    return await make();
  } catch {
    return { status: 500, type: TEXT, text: 'error\n' };
  }
}

function render({ status, type, text, allow }: Page, withText: boolean): string {
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhraseOf(status)}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(text)}`,
    ...(allow === undefined ? [] : [`allow: ${allow}`]),
    'connection: close',
  ];
  return `${lines.join('\r\n')}${END_OF_HEAD}${withText ? text : ''}`;
}
