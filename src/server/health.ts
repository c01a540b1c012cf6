import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { createPageServer, type Page, type Pages, TEXT } from './page-server.ts';

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

/** `/livez`, `/readyz` and `/metrics` over plain HTTP, and nothing about any review. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const pages: Pages = new Map<string, () => Page | Promise<Page>>([
    ['/livez', () => ({ status: 200, type: TEXT, text: 'ok\n' })],
    ['/readyz', () => renderReadiness(options)],
    ['/metrics', share(() => renderMetrics(options))],
  ]);
  const { server, close } = createPageServer(pages);
  server.listen(options.port, options.address);
  await once(server, 'listening');
  // A probe that found no descriptor comes again.
  server.on('error', () => undefined);
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

/** Whoever asks while an answer is being made gets that one. */
function share<T>(make: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () =>
    (underWay ??= make().finally(() => {
      underWay = undefined;
    }));
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
