import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Recorder } from '../telemetry/recorder.ts';

/** Name → what is wrong; `undefined` when nothing is. */
export type ReadinessChecks = Readonly<Record<string, () => string | undefined>>;

export interface HealthOptions {
  /** @default every address of this machine */
  readonly address?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What serving depends on. Not on a registry: its outage would take every endpoint away. */
  readonly checks: ReadinessChecks;
  /** What there is to know by the same names, although nothing is wrong with serving. */
  readonly details?: ReadinessChecks;
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>;
  readonly recorder: Pick<Recorder, 'flush'>;
}

/** A port of its own, so that probes are answered while the other one is full. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
  readonly close: () => Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type Pages = ReadonlyMap<string, () => Page | Promise<Page>>;

const TEXT = 'text/plain; charset=utf-8';
const LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
} as const;
const MAX_CONNECTIONS = 256;

/** `/livez`, `/readyz` and `/metrics` over plain HTTP, and nothing about any review. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const pages: Pages = new Map<string, () => Page | Promise<Page>>([
    ['/livez', () => ({ status: 200, type: TEXT, text: 'ok\n' })],
    ['/readyz', () => renderReadiness(options)],
    ['/metrics', () => renderMetrics(options)],
  ]);
  const server = createServer(LIMITS, (request, response) => void handlePage(pages, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(options.port, options.address);
  await once(server, 'listening');
  // A probe that found no descriptor comes again.
  server.on('error', () => undefined);
  const close = (): Promise<void> => closeAll(server);
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

async function handlePage(
  pages: Pages,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const render = pages.get(url.split('?', 1)[0] ?? '');
  if (render === undefined) return send(response, { status: 404, type: TEXT, text: 'not found\n' });
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, { status: 405, type: TEXT, text: 'method not allowed\n' });
  }
  try {
    return send(response, await render());
  } catch {
    return send(response, { status: 500, type: TEXT, text: 'error\n' });
  }
}

function send(response: ServerResponse, { status, type, text }: Page): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** In the form of Kubernetes' own `/readyz?verbose`. */
function renderReadiness({ checks, details = {} }: HealthOptions): Page {
  const results = Object.entries(checks).map(([name, find]) => ({ name, fault: find() }));
  const isReady = results.every(({ fault }) => fault === undefined);
  const lines = results.map(({ name, fault }) =>
    fault === undefined ? renderPassed(name, details[name]?.()) : `[-]${name} failed: ${fault}`,
  );
  const text = [...lines, isReady ? 'ready' : 'not ready', ''].join('\n');
  return { status: isReady ? 200 : 503, type: TEXT, text };
}

function renderPassed(name: string, detail: string | undefined): string {
  return `[+]${name} ok${detail === undefined ? '' : `: ${detail}`}`;
}

async function renderMetrics({ metrics, recorder }: HealthOptions): Promise<Page> {
  recorder.flush();
  return { status: 200, type: metrics.contentType, text: await metrics.render() };
}

async function closeAll(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
