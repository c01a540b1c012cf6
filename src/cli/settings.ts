import { BlockList, isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MAX_PEM_BYTES } from '../certificate/certificate-store.ts';
import { CertificateError } from '../certificate/errors.ts';
import {
  parseCertificate,
  parseCertificates,
  parsePrivateKey,
  verifyKeyPair,
} from '../certificate/inspect.ts';
import { readBounded } from '../file/bounded-file.ts';
import { splitList } from './chosen-policy.ts';
import { decodeLimits, type LimitSettings } from './limit-settings.ts';
import type { ServeOptions } from './serve-options.ts';
import { decodeNumber } from './number-setting.ts';
import { SettingsError } from './settings-error.ts';
import type { Environment } from './streams.ts';

/** Where the serving certificate comes from. */
export type CertificateSource =
  | {
      readonly kind: 'files';
      readonly certificateFile: string;
      readonly keyFile: string;
      /** What is in them, PEM. */
      readonly certificate: string;
      readonly key: string;
    }
  | { readonly kind: 'self-signed'; readonly folder: string; readonly names: readonly string[] }
  /** Plain HTTP, as the Go program did when it had no certificate. */
  | { readonly kind: 'none' };

/** Who may ask, proved by a client certificate. */
export interface ClientSettings {
  readonly file: string;
  /** What is in it, PEM. */
  readonly authority: string;
  /** Empty: every client of the authority. */
  readonly names: readonly string[];
}

/** How the gate looks whether it is asked at all. */
export interface CanarySettings {
  /** A kubeconfig file; `in-cluster` means the service account of the pod. */
  readonly kubeconfig: string;
  readonly intervalMs: number;
  readonly namespace: string;
}

/** What `serve` was asked, checked and with every default filled in. */
export interface ServeSettings {
  readonly source: CertificateSource;
  readonly client: ClientSettings | undefined;
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

/** Names of the Service that the Go program's manifests use, so that its certificate fits there too. */
const HOST_NAMES = ['localhost', '127.0.0.1', '::1', 'image-bouncer-webhook.default.svc'];

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option. */
export async function decodeSettings(
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

/** The file may come later: the gate has to be there before the API server is. */
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
  throw new SettingsError(
    'SETTINGS_CONFLICT',
    `${idle} says how to look at the cluster of --canary-kubeconfig: give --canary-kubeconfig as well`,
  );
}

/** Any free port has any free port beside it. */
function nextPort(port: number): number {
  return port === 0 ? 0 : Math.min(port + 1, 65535);
}

async function chooseSource(options: ServeOptions, environment: Environment): Promise<CertificateSource> {
  const { cert, key, selfSigned = false } = options;
  if (selfSigned && (cert !== undefined || key !== undefined)) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--self-signed makes a certificate, --cert and --key bring one: give either',
    );
  }
  requireSelfSigned(options);
  if (selfSigned)
    return { kind: 'self-signed', folder: stateFolder(options, environment), names: hostNames(options) };
  if (cert === undefined && key === undefined) return { kind: 'none' };
  if (cert === undefined || key === undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `${cert === undefined ? '--cert' : '--key'} is missing: a certificate and its key go together`,
    );
  }
  const pair = { certificate: await readSetting('--cert', cert), key: await readSetting('--key', key) };
  requirePem('--cert', cert, () => parseCertificate(pair.certificate));
  requirePem('--key', key, () => parsePrivateKey(pair.key));
  requirePem('--key', key, () => verifyKeyPair(pair));
  return { kind: 'files', certificateFile: cert, keyFile: key, ...pair };
}

/** What says how a certificate is made says nothing where none is made. */
function requireSelfSigned({ selfSigned = false, stateDir, hostNames }: ServeOptions): void {
  const idle = stateDir === undefined ? hostNames && '--host-names' : '--state-dir';
  if (selfSigned || idle === undefined) return;
  throw new SettingsError(
    'SETTINGS_CONFLICT',
    `${idle} is about the certificate of --self-signed: give --self-signed as well, or leave it out`,
  );
}

/** @throws {SettingsError} SETTING_INVALID when the file does not hold what it has to. */
export function requirePem(option: string, file: string, parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new SettingsError('SETTING_INVALID', `${option}: ${file}: ${cause.message}`, { cause });
  }
}

/** Where `serve --self-signed` keeps its certificates. */
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
  const names = splitList(options.hostNames ?? '');
  return names.length > 0 ? names : HOST_NAMES;
}

async function chooseClient(
  { clientCa, clientName }: ServeOptions,
  source: CertificateSource,
): Promise<ClientSettings | undefined> {
  const names = splitList(clientName ?? '');
  if (clientName !== undefined && names.length === 0) {
    // Else a list of nobody would let in everybody.
    throw new SettingsError(
      'SETTING_INVALID',
      `--client-name: ${JSON.stringify(clientName)} names no client`,
    );
  }
  if (clientCa === undefined) {
    if (clientName === undefined) return undefined;
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--client-name says which clients of --client-ca may ask: give --client-ca as well',
    );
  }
  if (source.kind === 'none')
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--client-ca needs HTTPS: give --cert and --key, or --self-signed',
    );
  const authority = await readSetting('--client-ca', clientCa);
  // With no authority at all Node would trust those of the web.
  requirePem('--client-ca', clientCa, () => parseCertificates(authority));
  return { file: clientCa, authority, names };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** In plain HTTP anybody on the way can write the verdict, so that it stays on the machine unless somebody insists. */
function chooseAddress(
  { bind, insecureBind = false }: ServeOptions,
  source: CertificateSource,
): string | undefined {
  if (bind !== undefined && isIP(bind) === 0)
    throw new SettingsError('SETTING_INVALID', `--bind: ${JSON.stringify(bind)} is not an IP address`);
  if (source.kind !== 'none' || insecureBind) return bind;
  if (bind === undefined) return '127.0.0.1';
  if (LOOPBACK.check(bind, isIP(bind) === 6 ? 'ipv6' : 'ipv4')) return bind;
  throw new SettingsError(
    'SETTINGS_CONFLICT',
    `--bind ${bind} would serve plain HTTP to others: give a certificate, or --insecure-bind if you must`,
  );
}

/**
 * The text of a certificate, a bundle of them, or a key: at most {@link MAX_PEM_BYTES}.
 * @throws {SettingsError} FILE_UNREADABLE
 */
export async function readSetting(option: string, file: string): Promise<string> {
  const bytes = await readBounded(file, MAX_PEM_BYTES).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError('FILE_UNREADABLE', `${option}: ${file} cannot be read: ${why}`, { cause });
  });
  if (bytes !== undefined) return bytes.toString();
  const problem = `${option}: ${file} cannot be read: it has more than ${MAX_PEM_BYTES} bytes`;
  throw new SettingsError('FILE_UNREADABLE', problem);
}
