import { isAbsolute } from 'node:path';
import { parseCertificates } from '../certificate/inspect.ts';
import { isAtLeast, parseKubernetesVersion, type KubernetesVersion } from '../kubernetes/version.ts';
import type { Stage } from '../policy/stage.ts';
import type { GateAddress, KubeSystemMode } from '../webhook/configuration.ts';
import type { IssuedCertificates } from '../webhook/gate-objects.ts';
import { decodeLanguage } from './bootstrap-language.ts';
import { splitList } from './chosen-policy.ts';
import { decodeNumber } from './number-setting.ts';
import { readSetting, requirePem } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/** What `bootstrap webhook` was asked, as text: nothing interpreted yet. */
export interface WebhookOptions {
  readonly url?: string;
  readonly service?: boolean;
  readonly apply?: boolean;
  readonly delete?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly stage: Stage;
  readonly kubeSystem: KubeSystemMode;
  readonly exemptNamespaces?: string;
  readonly timeoutSeconds: string;
  readonly policy?: string;
  readonly namespace: string;
  readonly image?: string;
  readonly replicas: string;
  readonly language?: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly certManager?: string;
  readonly days: string;
  readonly clientCa?: string | true;
  readonly clientName: string;
  readonly nodeFolder: string;
  readonly kubernetesVersion?: string;
  readonly out?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Who signs, when it is not an authority of our own. */
export interface GivenAuthority {
  readonly certificate: string;
  readonly key: string | undefined;
}

/** What `bootstrap webhook` was asked, checked. */
export interface WebhookSettings {
  readonly address: GateAddress;
  readonly stage: Stage;
  readonly kubeSystem: KubeSystemMode;
  readonly exemptNamespaces: readonly string[];
  readonly timeoutSeconds: number;
  /** `undefined`: the one that the cluster runs already. */
  readonly image: string | undefined;
  readonly replicas: number;
  /** `undefined`: that of the gate which the cluster runs already, else English. */
  readonly language: string | undefined;
  readonly days: number;
  readonly authority: GivenAuthority | undefined;
  readonly issuer: IssuedCertificates['issuer'] | undefined;
  readonly client: ClientDemand | undefined;
  readonly nodeFolder: string;
  /** `undefined`: that of the cluster, or the newest. */
  readonly version: KubernetesVersion | undefined;
}

/** Only this client may ask. */
export interface ClientDemand {
  readonly commonName: string;
  /** PEM of the CA of its certificate; `undefined` for the gate's own, which then makes the certificate as well. */
  readonly authority: string | undefined;
}

/** Newest version that we know; what is newer is taken for it. */
export const NEWEST_KUBERNETES: KubernetesVersion = { major: 1, minor: 37, text: 'v1.37' };

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option. */
export async function decodeWebhookSettings(options: WebhookOptions): Promise<WebhookSettings> {
  const address = chooseAddress(options);
  refuseConflicts(options, address);
  return {
    address,
    stage: options.stage,
    kubeSystem: options.kubeSystem,
    exemptNamespaces: decodeNamespaces(options.exemptNamespaces),
    timeoutSeconds: decodeNumber('--timeout-seconds', options.timeoutSeconds, 1, 30),
    image: options.image,
    replicas: decodeNumber('--replicas', options.replicas, 1, 100),
    language: decodeLanguage(options.language),
    days: decodeNumber('--days', options.days, 1, 3650),
    authority: await readAuthority(options),
    issuer: options.certManager === undefined ? undefined : decodeIssuer(options.certManager),
    client: await decodeClient(options),
    nodeFolder: requireAbsolute('--node-folder', options.nodeFolder),
    version: options.kubernetesVersion === undefined ? undefined : decodeVersion(options.kubernetesVersion),
  };
}

/** @throws {SettingsError} SETTING_INVALID */
export function decodeNamespace(option: string, name: string): string {
  if (DNS_LABEL.test(name)) return name;
  throw new SettingsError(
    'SETTING_INVALID',
    `${option}: ${JSON.stringify(name)} is no name of a namespace; patterns are not taken, for who may create namespaces would match them`,
  );
}

/** @throws {SettingsError} SETTING_INVALID for a text that is no version, or for one that is too old. */
export function decodeVersion(text: string): KubernetesVersion {
  const version = parseKubernetesVersion(text);
  if (version === undefined)
    throw new SettingsError(
      'SETTING_INVALID',
      `--kubernetes-version: ${JSON.stringify(text)} is no version, such as 1.37`,
    );
  return requireSupported(version);
}

/** @throws {SettingsError} SETTING_INVALID */
export function requireSupported(version: KubernetesVersion): KubernetesVersion {
  if (isAtLeast(version, 1, 24)) return version;
  throw new SettingsError(
    'SETTING_INVALID',
    `--kubernetes-version: Kubernetes ${version.text} is older than 1.24, the oldest that is supported`,
  );
}

/** @throws {SettingsError} SETTING_INVALID */
export function requireAbsolute(option: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw new SettingsError('SETTING_INVALID', `${option}: ${path} is not an absolute path`);
}

/**
 * The origin of the gate outside the cluster.
 * @throws {SettingsError} SETTING_INVALID
 */
export function decodeOrigin(text: string): string {
  const url = URL.parse(text);
  const refuse = (what: string): never => {
    throw new SettingsError(
      'SETTING_INVALID',
      `--url: ${JSON.stringify(text)} ${what}; write https://host:port`,
    );
  };
  if (url === null) return refuse('is no URL');
  if (url.protocol !== 'https:')
    return refuse('does not begin with https://, and the API server takes no other');
  if (url.username !== '' || url.password !== '')
    return refuse('holds a user, which the API server does not take');
  if (url.search !== '' || url.hash !== '' || url.pathname !== '/')
    return refuse('has a path, a query or a fragment, and the path is what --stage chooses');
  return url.origin;
}

function chooseAddress({ url, service = false, namespace }: WebhookOptions): GateAddress {
  if (url !== undefined && service)
    throw conflict('--url is for a gate outside the cluster, --service for one in it: give either');
  if (url !== undefined) return { form: 'url', origin: decodeOrigin(url) };
  if (!service) throw conflict('give --url https://host:port for a gate that runs already, or --service');
  return { form: 'service', namespace: decodeNamespace('--namespace', namespace) };
}

function refuseConflicts(options: WebhookOptions, { form }: GateAddress): void {
  const { apply, certManager, caCert, caKey, clientCa, out, image, yes } = options;
  if (form === 'url') {
    if (certManager !== undefined) throw conflict('--cert-manager makes the certificate of --service');
    if (image !== undefined) throw conflict('--image is for --service: with --url the gate runs already');
  }
  if (caKey !== undefined && caCert === undefined)
    throw conflict('--ca-cert is missing: a certificate and its key go together');
  if (form === 'service' && caCert !== undefined && caKey === undefined)
    throw conflict(
      '--ca-key is missing: with --service the authority has to sign the certificate of the gate',
    );
  if (certManager !== undefined && caCert !== undefined)
    throw conflict('--cert-manager and --ca-cert both say who signs: give one of them');
  if (certManager !== undefined && clientCa === true)
    throw conflict('--client-ca needs a file with --cert-manager: there is no authority of our own');
  if (clientCa !== undefined && out === undefined)
    throw conflict('--client-ca makes files for the control-plane nodes: say with --out where to put them');
  if (yes === true && apply !== true) throw conflict('--yes is for --apply');
}

/** @throws {SettingsError} SETTING_INVALID for a name that is none. */
function decodeNamespaces(text: string | undefined): readonly string[] {
  return splitList(text ?? '').map((name) => decodeNamespace('--exempt-namespaces', name));
}

async function readAuthority({ caCert, caKey }: WebhookOptions): Promise<GivenAuthority | undefined> {
  if (caCert === undefined) return undefined;
  const certificate = await readSetting('--ca-cert', caCert);
  requirePem('--ca-cert', caCert, () => parseCertificates(certificate));
  return { certificate, key: caKey === undefined ? undefined : await readSetting('--ca-key', caKey) };
}

function decodeIssuer(text: string): IssuedCertificates['issuer'] {
  const [, kind = 'Issuer', name = ''] = /^(?:(Issuer|ClusterIssuer)\/)?(.+)$/.exec(text) ?? [];
  if (DNS_SUBDOMAIN.test(name)) return { kind: kind === 'ClusterIssuer' ? kind : 'Issuer', name };
  throw new SettingsError(
    'SETTING_INVALID',
    `--cert-manager: ${JSON.stringify(text)} is neither a name, nor Issuer/name, nor ClusterIssuer/name`,
  );
}

async function decodeClient({ clientCa, clientName }: WebhookOptions): Promise<ClientDemand | undefined> {
  if (clientCa === undefined) return undefined;
  const commonName = clientName.trim();
  // The gate takes a list, and a list of nobody would let in everybody.
  if (commonName === '' || commonName.includes(','))
    throw new SettingsError(
      'SETTING_INVALID',
      `--client-name: ${JSON.stringify(clientName)} is not one name`,
    );
  if (clientCa === true) return { commonName, authority: undefined };
  const authority = await readSetting('--client-ca', clientCa);
  requirePem('--client-ca', clientCa, () => parseCertificates(authority));
  return { commonName, authority };
}

function conflict(message: string): SettingsError {
  return new SettingsError('SETTINGS_CONFLICT', message);
}
