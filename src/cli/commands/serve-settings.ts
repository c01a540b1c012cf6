import { BlockList, isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readClientAuthorities } from '../../certificate/client-authorities.ts';
import { parseCertificate, parsePrivateKey, verifyKeyPair } from '../../certificate/inspect.ts';
import type { CertificateSettings, CertificateSource } from '../../server/certificate-source.ts';
import type { Limits } from '../../server/limits.ts';
import type { Environment } from '../command.ts';
import type { PolicyOptions } from '../policy-options.ts';
import { conflict, decodeNumber, invalid, readSetting, requirePem, splitList } from '../settings.ts';

/** Options of `serve` as text, from flags and environment. */
export interface ServeOptions extends PolicyOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly port: string;
  readonly debug?: boolean;
  readonly bind?: string;
  readonly insecureBind?: boolean;
  readonly healthPort?: string;
  readonly selfSigned?: boolean;
  readonly stateDir?: string;
  readonly hostNames?: string;
  readonly clientCa?: string;
  readonly clientName?: string;
  readonly reviewTimeout: string;
  readonly drain: string;
  readonly maxBody: string;
  readonly maxReceiving: string;
  readonly maxConnections: string;
  readonly maxQueue: string;
  readonly maxWait: string;
  readonly canaryKubeconfig?: string;
  readonly canaryInterval?: string;
  readonly canaryNamespace?: string;
}

/** The limits of the server that have options. */
type LimitSettings = Pick<
  Limits,
  'bodyBytes' | 'receivingBytes' | 'connections' | 'queuedReviews' | 'queueMs'
>;

/** The canary that shows whether the API server calls the gate. */
export interface CanarySettings {
  /** A kubeconfig file; `in-cluster` means the service account of the pod. */
  readonly kubeconfig: string;
  readonly intervalMs: number;
  readonly namespace: string;
}

/** Options of `serve`, checked and with every default. */
export interface ServeSettings extends CertificateSettings {
  readonly canary: CanarySettings | undefined;
  /** `undefined`: every address. */
  readonly address: string | undefined;
  readonly port: number;
  readonly healthPort: number;
  readonly reviewTimeoutMs: number;
  readonly drainMs: number;
  readonly limits: LimitSettings;
  readonly debug: boolean;
}

/** The default names of the self-signed certificate. The last one is the Service in the manifests of the Go program. */
const HOST_NAMES = ['localhost', '127.0.0.1', '::1', 'image-bouncer-webhook.default.svc'];

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option. */
export async function decodeServeSettings(
  options: ServeOptions,
  environment: Environment,
): Promise<ServeSettings> {
  const source = await chooseSource(options, environment);
  const port = decodeNumber('--port', options.port, 0, 65535);
  const healthPort =
    options.healthPort === undefined
      ? nextPort(port)
      : decodeNumber('--health-port', options.healthPort, 0, 65535);
  return {
    source,
    client: await chooseClient(options, source),
    canary: chooseCanary(options),
    address: chooseAddress(options, source),
    port,
    healthPort,
    reviewTimeoutMs: decodeNumber('--review-timeout', options.reviewTimeout, 1, 30) * 1000,
    drainMs: decodeNumber('--drain', options.drain, 0, 3600) * 1000,
    limits: decodeLimits(options),
    debug: options.debug ?? false,
  };
}

/** The kubeconfig is not read here. It may not exist yet, because the gate starts before the API server. */
function chooseCanary({
  canaryKubeconfig,
  canaryInterval,
  canaryNamespace,
}: ServeOptions): CanarySettings | undefined {
  if (canaryKubeconfig !== undefined) {
    return {
      kubeconfig: canaryKubeconfig,
      intervalMs: decodeNumber('--canary-interval', canaryInterval ?? '60', 1, 86_400) * 1000,
      namespace: canaryNamespace ?? 'default',
    };
  }
  const idle = canaryInterval === undefined ? canaryNamespace && '--canary-namespace' : '--canary-interval';
  if (idle === undefined) return undefined;
  throw conflict(`${idle} needs --canary-kubeconfig: give --canary-kubeconfig as well`);
}

/** Port 0 means any free port, also for the health port. */
function nextPort(port: number): number {
  return port === 0 ? 0 : Math.min(port + 1, 65535);
}

async function chooseSource(options: ServeOptions, environment: Environment): Promise<CertificateSource> {
  const { cert, key, selfSigned = false } = options;
  if (selfSigned && (cert !== undefined || key !== undefined)) {
    throw conflict('--self-signed makes a certificate, and --cert and --key give one: use one of them');
  }
  requireSelfSigned(options);
  if (selfSigned)
    return { kind: 'self-signed', folder: stateFolder(options, environment), names: hostNames(options) };
  if (cert === undefined && key === undefined) return { kind: 'none' };
  if (cert === undefined || key === undefined) {
    throw conflict(
      `${cert === undefined ? '--cert' : '--key'} is missing: give a certificate and its key together`,
    );
  }
  const pair = { certificate: await readSetting('--cert', cert), key: await readSetting('--key', key) };
  requirePem('--cert', cert, () => parseCertificate(pair.certificate));
  requirePem('--key', key, () => parsePrivateKey(pair.key));
  requirePem('--key', key, () => verifyKeyPair(pair));
  return { kind: 'files', certificateFile: cert, keyFile: key, ...pair };
}

/** Options for a self-signed certificate need `--self-signed`. */
function requireSelfSigned({ selfSigned = false, stateDir, hostNames }: ServeOptions): void {
  const idle = stateDir === undefined ? hostNames && '--host-names' : '--state-dir';
  if (selfSigned || idle === undefined) return;
  throw conflict(`${idle} needs --self-signed: give --self-signed as well, or remove ${idle}`);
}

/**
 * The folder of the certificates of `serve --self-signed`. @default `kube-image-bouncer` in `XDG_STATE_HOME`,
 * otherwise in `~/.local/state`
 */
export function stateFolder({ stateDir }: Pick<ServeOptions, 'stateDir'>, environment: Environment): string {
  const states = environment['XDG_STATE_HOME'];
  return (
    stateDir ??
    join(
      states === undefined || states === '' ? join(homedir(), '.local', 'state') : states,
      'kube-image-bouncer',
    )
  );
}

function hostNames(options: ServeOptions): readonly string[] {
  const names = splitList(options.hostNames);
  return names.length > 0 ? names : HOST_NAMES;
}

async function chooseClient(
  { clientCa, clientName }: ServeOptions,
  source: CertificateSource,
): Promise<CertificateSettings['client']> {
  const names = splitList(clientName);
  if (clientName !== undefined && names.length === 0) {
    // An empty list would accept every client.
    throw invalid(`--client-name: ${JSON.stringify(clientName)} contains no name`);
  }
  if (clientCa === undefined) {
    if (clientName === undefined) return undefined;
    throw conflict('--client-name selects among the clients of --client-ca: give --client-ca as well');
  }
  if (source.kind === 'none')
    throw conflict('--client-ca needs HTTPS: give --cert and --key, or --self-signed');
  // Without a given CA, Node would trust the public CAs.
  const authority = await readSetting('--client-ca', clientCa);
  requirePem('--client-ca', clientCa, () => readClientAuthorities(authority));
  return { file: clientCa, authority, names };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Plain HTTP is served only on loopback, unless `--insecure-bind` is given. Otherwise other machines on the network
 * could change a verdict.
 */
function chooseAddress(
  { bind, insecureBind = false }: ServeOptions,
  source: CertificateSource,
): string | undefined {
  if (bind !== undefined && isIP(bind) === 0)
    throw invalid(`--bind: ${JSON.stringify(bind)} is not an IP address`);
  if (source.kind !== 'none' || insecureBind) return bind;
  if (bind === undefined) return '127.0.0.1';
  if (LOOPBACK.check(bind, isIP(bind) === 6 ? 'ipv6' : 'ipv4')) return bind;
  throw conflict(
    `--bind ${bind} would serve plain HTTP to other machines: give a certificate, or allow it with --insecure-bind`,
  );
}

const MIB = 1024 * 1024;

/** @throws {SettingsError} SETTING_INVALID, or SETTINGS_CONFLICT if `--max-receiving` is less than `--max-body`. */
function decodeLimits(options: ServeOptions): LimitSettings {
  const body = decodeNumber('--max-body', options.maxBody, 1, 64);
  const receiving = decodeNumber('--max-receiving', options.maxReceiving, 1, 4096);
  if (receiving < body) {
    throw conflict(
      `--max-receiving ${receiving} is less than one body of --max-body ${body}: give --max-receiving ${body} or more`,
    );
  }
  return {
    bodyBytes: body * MIB,
    receivingBytes: receiving * MIB,
    connections: decodeNumber('--max-connections', options.maxConnections, 8, 65_536),
    queuedReviews: decodeNumber('--max-queue', options.maxQueue, 1, 65_536),
    queueMs: decodeNumber('--max-wait', options.maxWait, 1, 30_000),
  };
}
