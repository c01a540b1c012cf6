import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { createPageServer, type Page, type Pages, TEXT } from './page-server.ts';

/** Checks by their names. A check returns a sentence about the problem, or `undefined`. */
export type ReadinessChecks = Readonly<Record<string, () => string | undefined>>;

interface HealthOptions {
  /** @default all addresses of this machine */
  readonly address?: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** Conditions for serving. Do not add a registry, because its outage would make all gates unready. */
  readonly checks: ReadinessChecks;
  /** By the names of `checks`: more information about a check that passes. */
  readonly details?: ReadinessChecks;
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>;
  readonly recorder: Pick<Recorder, 'flush'>;
}

/** A server on a port of its own, so that probes are answered while the port for reviews is overloaded. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serves `/livez`, `/readyz` and `/metrics` over plain HTTP. They contain no data of reviews. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const pages: Pages = new Map<string, () => Page | Promise<Page>>([
    ['/livez', () => ({ status: 200, type: TEXT, text: 'ok\n' })],
    ['/readyz', () => renderReadiness(options)],
    ['/metrics', share(() => renderMetrics(options))],
  ]);
  const { server, close } = createPageServer(pages);
  server.listen(options.port, options.address);
  await once(server, 'listening');
  // A connection could not be accepted, because there was no file descriptor. The kubelet repeats a failed probe.
  server.on('error', () => undefined);
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

/** Calls that come while a result is being computed get the same result. */
function share<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= make().finally(() => {
      running = undefined;
    }));
}

/** In the format of `/readyz?verbose` of Kubernetes. */
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
