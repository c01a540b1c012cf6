import { isAbsolute } from 'node:path';
import type { KeyPair } from '../certificate/authority.ts';
import { MAX_PEM_BYTES } from '../certificate/certificate-store.ts';
import { CertificateError } from '../certificate/errors.ts';
import { parseCertificates, parsePrivateKey, verifyKeyPair } from '../certificate/inspect.ts';
import { CodedError } from '../coded-error.ts';
import { readBounded } from '../file/bounded-file.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ClusterChoice } from '../kubernetes/config.ts';
import { isSupported, parseKubernetesVersion, type KubernetesVersion } from '../kubernetes/version.ts';
import { messageOf } from './command.ts';

export type SettingsErrorCode =
  | 'SETTING_INVALID'
  | 'SETTINGS_CONFLICT'
  | 'FILE_UNREADABLE'
  | 'MESSAGES_INVALID'
  | 'PORT_UNAVAILABLE';

/** An option of the command line, or a variable of the environment, cannot be used. */
export class SettingsError extends CodedError<SettingsErrorCode> {
  override readonly name = 'SettingsError';
}

/** An error for options that exclude each other, or for a missing option. */
export function conflict(message: string): SettingsError {
  return new SettingsError('SETTINGS_CONFLICT', message);
}

/** An error for the value of one option. The message begins with the option. */
export function invalid(message: string, options?: ErrorOptions): SettingsError {
  return new SettingsError('SETTING_INVALID', message, options);
}

/** @throws {SettingsError} SETTING_INVALID */
export function decodeNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw invalid(`${option}: ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`);
}

/** The parts of a comma separated list, trimmed, without empty parts. */
export function splitList(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws {SettingsError} SETTING_INVALID */
export function decodeNamespace(option: string, name: string): string {
  if (DNS_LABEL.test(name)) return name;
  throw invalid(
    `${option}: ${JSON.stringify(name)} is not the name of a namespace; patterns are not accepted, because a user who may create namespaces could match them`,
  );
}

/** @throws {SettingsError} SETTING_INVALID */
export function decodeNamespaces(option: string, text: string | undefined): readonly string[] {
  return splitList(text).map((name) => decodeNamespace(option, name));
}

/**
 * The version of `--kubernetes-version`, if it is given.
 * @throws {SettingsError} SETTING_INVALID if the text is not a version
 */
export function decodeAnyVersion(text: string | undefined): KubernetesVersion | undefined {
  if (text === undefined) return undefined;
  const version = parseKubernetesVersion(text);
  if (version !== undefined) return version;
  throw invalid(`--kubernetes-version: ${JSON.stringify(text)} is not a version, such as 1.37`);
}

/**
 * Reads `--kubernetes-version` like {@link decodeAnyVersion}, but accepts only supported versions.
 * @throws {SettingsError} SETTING_INVALID if the text is not a version, or if the version is older than 1.24
 */
export function decodeVersion(text: string | undefined): KubernetesVersion | undefined {
  const version = decodeAnyVersion(text);
  if (version === undefined || isSupported(version)) return version;
  throw invalid(
    `--kubernetes-version: Kubernetes ${version.text} is older than 1.24, the oldest that is supported`,
  );
}

/** @throws {SettingsError} SETTING_INVALID */
export function requireAbsolute(option: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw invalid(`${option}: ${path} is not an absolute path`);
}

/**
 * The origin of a gate outside the cluster, from a URL `https://host:port`.
 * @throws {SettingsError} SETTING_INVALID
 */
export function decodeOrigin(text: string): string {
  const url = URL.parse(text);
  const refuse = (what: string): never => {
    throw invalid(`--url: ${JSON.stringify(text)} ${what}; write https://host:port`);
  };
  if (url === null) return refuse('is not a URL');
  if (url.protocol !== 'https:')
    return refuse('does not begin with https://, and the API server accepts no other scheme');
  if (url.username !== '' || url.password !== '')
    return refuse('contains a user, which the API server does not accept');
  if (url.search !== '' || url.hash !== '' || url.pathname !== '/')
    return refuse('has a path, a query or a fragment, but --stage chooses the path');
  return url.origin;
}

/**
 * The text of a certificate, a bundle or a key: at most {@link MAX_PEM_BYTES}.
 * @throws {SettingsError} FILE_UNREADABLE
 */
export async function readSetting(option: string, file: string): Promise<string> {
  const bytes = await readBounded(file, MAX_PEM_BYTES).catch((cause: unknown) => {
    throw new SettingsError('FILE_UNREADABLE', `${option}: ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  });
  if (bytes !== undefined) return bytes.toString();
  const problem = `${option}: ${file} cannot be read: it has more than ${MAX_PEM_BYTES} bytes`;
  throw new SettingsError('FILE_UNREADABLE', problem);
}

/** @throws {SettingsError} SETTING_INVALID if `parse` rejects the content of the file */
export function requirePem(option: string, file: string, parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw invalid(`${option}: ${file}: ${cause.message}`, { cause });
  }
}

/** @throws {SettingsError} FILE_UNREADABLE, SETTING_INVALID */
export async function readCertificates(option: string, file: string): Promise<string> {
  const text = await readSetting(option, file);
  requirePem(option, file, () => parseCertificates(text));
  return text;
}

/**
 * The CA of `--ca-cert` and `--ca-key`; `undefined` if both are missing.
 * @throws {SettingsError} SETTINGS_CONFLICT if only one is given, FILE_UNREADABLE, SETTING_INVALID
 */
export async function readAuthority({
  caCert,
  caKey,
}: {
  readonly caCert?: string;
  readonly caKey?: string;
}): Promise<KeyPair | undefined> {
  if (caCert === undefined && caKey === undefined) return undefined;
  if (caCert === undefined || caKey === undefined) {
    const missing = caCert === undefined ? '--ca-cert' : '--ca-key';
    throw conflict(`${missing} is missing: a CA signs with both, --ca-cert and --ca-key`);
  }
  const certificate = await readCertificates('--ca-cert', caCert);
  const authority = { certificate, key: await readSetting('--ca-key', caKey) };
  requirePem('--ca-key', caKey, () => parsePrivateKey(authority.key));
  requirePem('--ca-key', caKey, () => verifyKeyPair(authority));
  return authority;
}

/** @throws {SettingsError} SETTINGS_CONFLICT if more than one mode is given, or `--yes` without `--apply` */
export function requireOneMode(options: {
  readonly apply?: boolean;
  readonly undo?: boolean;
  readonly out?: string;
  readonly yes?: boolean;
}): void {
  const { apply, undo, out, yes } = options;
  const modes = [apply === true, undo === true, out !== undefined].filter(Boolean).length;
  if (modes > 1) throw conflict('--apply, --undo and --out contradict each other: give one of them');
  if (yes === true && apply !== true) throw conflict('--yes needs --apply');
}

/**
 * The cluster of `--kubeconfig` and `--context`. @default the cluster that kubectl uses
 * @throws {KubernetesError}
 */
export async function openCluster({ kubeconfig, context }: ClusterChoice): Promise<KubernetesClient> {
  // Load the Kubernetes library only here, because loading takes 0.3 s and most commands do not need it.
  const { openCluster: open } = await import('../kubernetes/config.ts');
  return open({ kubeconfig, context });
}

/** The cluster of `--kubeconfig` and `--context`; `undefined` if both options are missing. */
export async function openNamedCluster(choice: ClusterChoice): Promise<KubernetesClient | undefined> {
  return choice.kubeconfig === undefined && choice.context === undefined ? undefined : openCluster(choice);
}
