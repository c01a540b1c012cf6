import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { admissionReviewIn } from '../../admission/admission-review.ts';
import { imageReviewIn } from '../../admission/image-review.ts';
import { createBouncer } from '../../bouncer.ts';
import type { EnforcementCanary } from '../../diagnosis/enforcement-canary.ts';
import { Asker, type Clock } from '../../question/asker.ts';
import { startHealthServer, type HealthServer } from '../../server/health.ts';
import { openLogStream } from '../../server/log-stream.ts';
import { startServer, type ReviewServer } from '../../server/server.ts';
import { openLog, type Log } from '../../telemetry/log.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { createRecorder, type Recorder } from '../../telemetry/recorder.ts';
import {
  followCertificates,
  openCertificate,
  type FollowedCertificates,
  type OpenedCertificate,
} from '../certificate-source.ts';
import { chooseLanguage, type ChosenLanguage } from '../chosen-language.ts';
import { openPolicySource, type PolicySource } from '../policy-source.ts';
import { fitConnections, readDescriptorLimit } from '../file-descriptors.ts';
import { secureNode } from '../node-environment.ts';
import type { ServeOptions } from '../serve-options.ts';
import { type CanarySettings, decodeSettings, type ServeSettings } from '../settings.ts';
import { SettingsError } from '../settings-error.ts';
import { waitForStop, type Stop } from '../signals.ts';
import type { Environment, ExitCode, Streams } from '../streams.ts';

/** How long the log's reader has for the last lines. */
const FLUSH_MS = 2000;

/** Runs the gate until it is told to stop, then lets it finish what it has begun. */
export async function serve(
  options: ServeOptions,
  environment: Environment,
  streams: Streams,
): Promise<ExitCode> {
  const ignored = secureNode(environment);
  const settings = await decodeSettings(options, environment);
  await using resources = new AsyncDisposableStack();
  const stream = logStreamOf(streams.stdout);
  // What a stalled reader has not taken would keep the process alive.
  if (stream !== streams.stdout) resources.defer(() => void stream.destroy());
  const log = openLog({ stream, now, level: settings.debug ? 'debug' : 'info' });
  for (const problem of ignored) log.write('warn', 'environment variable ignored', { problem });
  const gate = await openGate(settings, options, log, resources);
  // Before anybody is told that we are here: a signal that came at once would end us as if we had none to answer.
  const stopped = waitForStop({
    onReload: () => reload(gate, log),
    onFailure: (error) => fail(gate, error, log),
  });
  announce(gate, settings, log, streams.stderr);
  const stop = await stopped;
  await leave(gate, stop, settings, log);
  return stop.hasFailed() ? 1 : 0;
}

/** Whoever waits for an answer comes before the log, which may be what broke. */
function fail({ server }: Gate, error: unknown, log: Log): void {
  server.fail();
  log.failure('unexpected failure; the gate refuses every review and stops', error);
}

interface Gate {
  readonly server: ReviewServer;
  readonly health: HealthServer;
  readonly policies: PolicySource;
  readonly recorder: Recorder;
  readonly certificate: OpenedCertificate;
  readonly certificates: FollowedCertificates;
}

async function openGate(
  settings: ServeSettings,
  options: ServeOptions,
  log: Log,
  resources: AsyncDisposableStack,
): Promise<Gate> {
  const inflight = { count: (): number => 0 };
  const metrics = createMetrics({ inflight: () => inflight.count(), logDropped: log.dropped });
  const { catalogue, wanted } = await speak(options, log);
  const said = { ...options, ...(wanted !== undefined && { language: wanted }) };
  const policies = resources.use(await openPolicySource(said, { log, metrics }));
  const certificate = await openCertificate(settings, now);
  const recorder = tellRejections(createRecorder({ log, metrics }), log);
  const onFailure = (error: unknown): void => log.failure('failure', error);
  const asker = new Asker({ sources: [], clock: CLOCK, onAsked: metrics.countQuestion, onFailure });
  const server = await listening('--port', settings.port, () =>
    startServer({
      protocols: { imageReview: imageReviewIn(catalogue), admissionReview: admissionReviewIn(catalogue) },
      bouncer: createBouncer({ policies, asker, onFailure }),
      recorder,
      onFailure,
      ...addressOf(settings),
      port: settings.port,
      ...(certificate.tls && { tls: certificate.tls }),
      now: () => performance.now(),
      today: now,
      maximumTimeoutMs: settings.reviewTimeoutMs,
      limits: { ...settings.limits, connections: connectionsOf(settings, log) },
    }),
  );
  resources.use(server);
  inflight.count = () => server.inflight;
  const certificates = resources.use(
    followCertificates(server, certificate, settings, { log, metrics, now }),
  );
  const canary = settings.canary && resources.use(await startCanary(settings.canary, log, metrics));
  const checks = {
    policy: policies.fault,
    ...server.checks,
    // A gate that is not asked is no worse a gate: it is told, and never makes it unready.
    ...(canary && { enforcement: () => undefined }),
  };
  const health = await listening('--health-port', settings.healthPort, () =>
    startHealthServer({
      ...addressOf(settings),
      port: settings.healthPort,
      checks,
      details: {
        policy: policies.detail,
        certificate: certificates.detail,
        ...(canary && { enforcement: canary.detail }),
      },
      metrics,
      recorder,
    }),
  );
  return { server, health: resources.use(health), policies, recorder, certificate, certificates };
}

const ENFORCEMENT_EVENTS = {
  yes: ['info', 'the API server enforces the policy'],
  no: ['error', 'the API server does not enforce the policy'],
  unknown: ['warn', 'it is not known whether the API server enforces the policy'],
} as const;

/** The modules of the canary are loaded only if there is one: they bring a Kubernetes client. */
async function startCanary(
  { kubeconfig, namespace, intervalMs }: CanarySettings,
  log: Pick<Log, 'write'>,
  metrics: Pick<Metrics, 'enforcing'>,
): Promise<EnforcementCanary> {
  const { startEnforcementCanary } = await import('../../diagnosis/enforcement-canary.ts');
  metrics.enforcing(undefined);
  return startEnforcementCanary({
    open: async () => {
      const { openCluster } = await import('../../kubernetes/config.ts');
      return openCluster({ kubeconfig });
    },
    namespace,
    intervalMs,
    sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
    onResult: ({ enforcing, message }, isNew) => {
      metrics.enforcing(enforcing);
      if (!isNew) return;
      const [level, event] =
        ENFORCEMENT_EVENTS[enforcing === undefined ? 'unknown' : enforcing ? 'yes' : 'no'];
      log.write(level, event, { enforcing: enforcing ?? null, detail: message });
    },
  });
}

/** The language of denials; what is amiss with it is told, and keeps nobody from serving. */
async function speak(options: ServeOptions, log: Log): Promise<ChosenLanguage> {
  const language = await chooseLanguage(options);
  for (const problem of language.notices) log.write('warn', 'denials use another language', { problem });
  return language;
}

function connectionsOf({ limits: { connections } }: ServeSettings, log: Log): number {
  const descriptors = readDescriptorLimit();
  const fitting = fitConnections(connections, descriptors);
  if (fitting < connections)
    log.write('warn', 'fewer file descriptors than --max-connections needs', {
      descriptors,
      connections: fitting,
    });
  return fitting;
}

/** For `--debug`: who is refused before there is a review is counted only, else anybody could fill the log. */
function tellRejections(recorder: Recorder, log: Log): Recorder {
  return {
    ...recorder,
    reject: (code) => {
      recorder.reject(code);
      log.write('debug', 'request refused', { code });
    },
  };
}

function addressOf({ address }: ServeSettings): { readonly address?: string } {
  return address === undefined ? {} : { address };
}

/** @throws {SettingsError} PORT_UNAVAILABLE */
async function listening<Listener>(
  option: string,
  port: number,
  start: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await start();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new SettingsError(
      'PORT_UNAVAILABLE',
      `${option} ${port}: it cannot be listened on: ${cause.message}`,
      { cause },
    );
  }
}

function announce(
  { server, health, policies, certificate }: Gate,
  settings: ServeSettings,
  log: Log,
  stderr: Writable,
): void {
  const { source, address } = settings;
  const scheme = source.kind === 'none' ? 'http' : 'https';
  if (source.kind === 'none') {
    log.write('warn', 'serving plain HTTP', {
      problem: 'anybody on the network path can change a verdict: give --cert and --key, or --self-signed',
    });
  }
  const policy = policies.current();
  log.write('info', 'listening', {
    port: server.port,
    healthPort: health.port,
    address: address ?? 'all',
    scheme,
    policy: policy?.identity,
  });
  const trust =
    certificate.authorityFile === undefined ? '' : `, CA certificate ${certificate.authorityFile}`;
  // Whoever reads it may have gone; that is no reason to go as well.
  stderr.on('error', () => undefined);
  stderr.write(
    `kube-image-bouncer serves ${scheme}://localhost:${server.port}${trust}; health on http://localhost:${health.port}\n`,
  );
}

async function reload({ policies, certificates }: Gate, log: Log): Promise<void> {
  log.write('info', 'reload requested');
  await Promise.all([policies.reload(), certificates.reload()]);
}

/** First the promise to every caller, then the log. */
async function leave(
  { server, recorder }: Gate,
  stop: Stop,
  { drainMs }: ServeSettings,
  log: Log,
): Promise<void> {
  log.write('info', 'leaving', { signal: stop.reason === 'signal' ? stop.signal : undefined, drainMs });
  stop.onImpatience(() => void server.close());
  // SIGTERM comes from a cluster, where news travels slowly; SIGINT from a person, who waits.
  const patient = stop.reason === 'signal' && stop.signal === 'SIGTERM';
  await server.drain({ graceMs: patient ? drainMs : 0 });
  recorder.flush();
  log.write('info', 'left');
  await log.close(FLUSH_MS);
}

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function now(): Date {
  return new Date();
}

/** The terminal, a pipe or a file must not block the gate; a test's own stream does not. */
function logStreamOf(stdout: Writable): Writable {
  return 'fd' in stdout && typeof stdout.fd === 'number' ? openLogStream(stdout.fd) : stdout;
}
