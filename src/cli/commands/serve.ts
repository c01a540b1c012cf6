import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { admissionReviewIn } from '../../admission/admission-review.ts';
import { imageReviewIn } from '../../admission/image-review.ts';
import { createBouncer } from '../../bouncer.ts';
import { CertificateError } from '../../certificate/errors.ts';
import { openPolicySource, type PolicySource } from '../../policy-source/policy-source.ts';
import {
  followCertificates,
  openCertificate,
  type FollowedCertificates,
  type OpenedCertificate,
} from '../../server/certificate-source.ts';
import type { EnforcementCanary } from '../../diagnosis/enforcement-canary.ts';
import { Asker, type Clock } from '../../question/asker.ts';
import { startHealthServer, type HealthServer } from '../../server/health.ts';
import { openLogStream } from '../../server/log-stream.ts';
import { startServer, type ReviewServer } from '../../server/server.ts';
import { openLog, type Log } from '../../telemetry/log.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { createRecorder, type Recorder } from '../../telemetry/recorder.ts';
import { type CommandContext, type Environment, type ExitCode, type Streams, writeTo } from '../command.ts';
import { renderEnvironment } from '../environment.ts';
import { chooseLanguage, type ChosenLanguage } from '../language.ts';
import { addPolicyOptions, decodePolicyOrigin, namingRegistries } from '../policy-options.ts';
import { fitConnections, readDescriptorLimit, secureNode, waitForStop, type Stop } from '../process.ts';
import { invalid, SettingsError } from '../settings.ts';
import {
  decodeServeSettings,
  type CanarySettings,
  type ServeOptions,
  type ServeSettings,
} from './serve-settings.ts';

/** The flags of `serve`. The flags of the Go program keep their names, letters and defaults. */
export function addServeOptions(command: Command): Command {
  command
    .option('-c, --cert <file>', 'serving certificate, PEM (without one: plain HTTP on loopback)')
    .option('-k, --key <file>', 'private key of --cert, PEM')
    .option('-p, --port <number>', 'port of the reviews', '1323');
  return addPolicyOptions(command, 'policy file; the gate loads it again when it changes')
    .option('--self-signed', 'make a CA and a certificate in --state-dir, and use them')
    .option(
      '--state-dir <folder>',
      'folder of the certificates of --self-signed (default: ~/.local/state/kube-image-bouncer)',
    )
    .option('--host-names <names>', 'comma separated names and addresses of the self-signed certificate')
    .option('--client-ca <file>', 'CA of the clients that may call, PEM; other clients cannot connect')
    .option('--client-name <names>', 'with --client-ca: names of the clients that may call, comma separated')
    .option('--bind <address>', 'address to listen on (default: all; plain HTTP: 127.0.0.1)')
    .option('--insecure-bind', 'allow plain HTTP on an address that is not loopback')
    .option('--health-port <number>', 'port of /livez, /readyz and /metrics (default: --port + 1)')
    .option('--review-timeout <seconds>', 'longest time for one review, even if the client allows more', '10')
    .option('--drain <seconds>', 'time to serve after SIGTERM', '10')
    .option('--max-body <MiB>', 'largest body of one review', '7')
    .option('--max-receiving <MiB>', 'largest total size of the bodies of undecided reviews', '24')
    .option(
      '--max-connections <number>',
      'most open connections; then the longest idle one is closed',
      '4096',
    )
    .option('--max-queue <number>', 'most waiting reviews; more reviews are refused unread', '4096')
    .option('--max-wait <milliseconds>', 'longest time that a review waits before it is judged', '2000')
    .option(
      '--canary-kubeconfig <file>',
      'cluster of the canary: a forbidden pod is sent again and again as a dry run; in-cluster: this cluster',
    )
    .option('--canary-interval <seconds>', 'pause between two canaries (default: 60)')
    .option('--canary-namespace <name>', 'namespace of the canary (default: default)')
    .option('--debug', 'log more events');
}

export function define(command: Command, { environment, streams, finish }: CommandContext): void {
  addServeOptions(command)
    .addHelpText('after', `\n${renderEnvironment()}`)
    .action(async (options: ServeOptions) => finish(await serve(options, environment, streams)));
}

/** Milliseconds for writing the last lines of the log. */
const FLUSH_MS = 2000;

/** Runs the gate until a signal stops it. Begun reviews are finished. Returns 1 after an unexpected failure. */
export async function serve(
  options: ServeOptions,
  environment: Environment,
  streams: Streams,
): Promise<ExitCode> {
  const ignored = secureNode(environment);
  const settings = await decodeServeSettings(options, environment);
  await using resources = new AsyncDisposableStack();
  const stream = logStreamOf(streams.stdout);
  // If nothing reads the log, unwritten lines would keep the process alive.
  if (stream !== streams.stdout) resources.defer(() => void stream.destroy());
  const log = openLog({ stream, now, level: settings.debug ? 'debug' : 'info' });
  for (const problem of ignored) log.write('warn', 'environment variable ignored', { problem });
  const gate = await openGate(settings, options, log, resources);
  // Handle signals before the gate logs that it listens, so that an early SIGTERM also drains the gate.
  const stopped = waitForStop({
    onReload: () => reload(gate, log),
    onFailure: (error) => fail(gate, error, log),
  });
  announce(gate, settings, log, streams.stderr);
  const stop = await stopped;
  await stopGate(gate, stop, settings, log);
  return stop.hasFailed() ? 1 : 0;
}

/** Open requests are answered before the log is written, because the log may be the cause. */
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
  const { catalogue, wanted } = await openLanguage(options, log);
  const origin = decodePolicyOrigin(options);
  const policies = resources.use(
    await namingRegistries(() => openPolicySource(origin, wanted, { log, metrics, now })),
  );
  const certificate = await namingCertificates(() => openCertificate(settings, now));
  const recorder = logRejections(createRecorder({ log, metrics }), log);
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
    // The canary is shown, but it never makes the gate unready, because its faults are outside the gate.
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

/** Starts the canary. Its modules are loaded only here, because they load a Kubernetes client. */
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

/** The language of denials. A problem with it is logged and does not stop the gate. */
async function openLanguage(options: ServeOptions, log: Log): Promise<ChosenLanguage> {
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

/**
 * Logs requests that are refused before they are reviews, at level debug. Without `--debug` they are only counted, so
 * clients cannot fill the log.
 */
function logRejections(recorder: Recorder, log: Log): Recorder {
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

/** @throws {SettingsError} SETTING_INVALID if the self-signed certificate cannot be made */
async function namingCertificates(open: () => Promise<OpenedCertificate>): Promise<OpenedCertificate> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    const option = cause.code === 'NAME_INVALID' ? '--host-names' : '--state-dir';
    throw invalid(`${option}: ${cause.message}`, { cause });
  }
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
      `${option} ${port}: the gate cannot listen on it: ${cause.message}`,
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
  // A closed standard error must not end the gate.
  stderr.on('error', () => undefined);
  writeTo(
    stderr,
    `kube-image-bouncer serves ${scheme}://localhost:${server.port}${trust}; health on http://localhost:${health.port}\n`,
  );
}

async function reload({ policies, certificates }: Gate, log: Log): Promise<void> {
  log.write('info', 'reload requested');
  await Promise.all([policies.reload(), certificates.reload()]);
}

/** Stops the gate. Open requests are answered first, and then the log is written. */
async function stopGate(
  { server, recorder }: Gate,
  stop: Stop,
  { drainMs }: ServeSettings,
  log: Log,
): Promise<void> {
  log.write('info', 'leaving', { signal: stop.reason === 'signal' ? stop.signal : undefined, drainMs });
  stop.onFurtherSignal(() => void server.close());
  // SIGTERM comes from a cluster, which needs time to stop routing here. SIGINT comes from a waiting user.
  const isFromCluster = stop.reason === 'signal' && stop.signal === 'SIGTERM';
  await server.drain({ graceMs: isFromCluster ? drainMs : 0 });
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

/** A terminal, a pipe or a file could block the gate, so the log has its own stream. The stream of a test cannot. */
function logStreamOf(stdout: Writable): Writable {
  return 'fd' in stdout && typeof stdout.fd === 'number' ? openLogStream(stdout.fd) : stdout;
}
