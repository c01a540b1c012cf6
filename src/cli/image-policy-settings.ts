import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { inEnglish } from '../language/catalogue.ts';
import { parseCertificates } from '../certificate/inspect.ts';
import type { NodeGate } from '../control-plane/gate-command.ts';
import { SETTING_RANGES, type ImagePolicySettings } from '../control-plane/image-policy-settings.ts';
import type { GateRunner, NodePlaces } from '../control-plane/node-plan.ts';
import { parseImageReference } from '../image/reference.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';
import type { Stage } from '../policy/stage.ts';
import { decodeLanguage } from './bootstrap-language.ts';
import { splitList } from './chosen-policy.ts';
import type { ImagePolicyOptions } from './image-policy-options.ts';
import { decodeNumber } from './number-setting.ts';
import { readSetting, requirePem } from './settings.ts';
import { SettingsError } from './settings-error.ts';
import { decodeVersion, requireAbsolute } from './webhook-settings.ts';

/** Who signs the serving certificate. */
export type SigningWay =
  | { readonly kind: 'own' }
  | { readonly kind: 'given'; readonly certificate: string; readonly key: string }
  | {
      readonly kind: 'signer';
      readonly signer: string;
      readonly isApproved: boolean;
      /** PEM of what the signer's certificates are verified by. */
      readonly trust: string | undefined;
    };

/** What `bootstrap image-policy` was asked, checked. */
export interface NodeSettings {
  readonly places: NodePlaces;
  readonly gate: NodeGate;
  readonly runner: GateRunner;
  /** `host` or `host:port` of the gate, as it stands in a URL. */
  readonly authority: string;
  readonly stage: Stage;
  readonly imagePolicy: Omit<ImagePolicySettings, 'kubeConfigFile'>;
  /** DNS names and addresses of the serving certificate. */
  readonly names: readonly string[];
  readonly way: SigningWay;
  readonly days: number;
  readonly timeoutMs: number;
  readonly version: KubernetesVersion | undefined;
}

const HOST = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i;

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option. */
export async function decodeNodeSettings(options: ImagePolicyOptions): Promise<NodeSettings> {
  const { address, stage } = options;
  if (isIP(address) === 0)
    throw new SettingsError('SETTING_INVALID', `--address: ${JSON.stringify(address)} is not an IP address`);
  const host = decodeHost(options);
  const port = decodeNumber('--port', options.port, 1, 65535);
  return {
    places: decodePlaces(options),
    gate: {
      address,
      port,
      healthPort: decodeHealthPort(options.healthPort, port),
      language: decodeLanguage(options.language),
    },
    runner: decodeRunner(options),
    authority: `${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    stage,
    imagePolicy: {
      allowTTL: decodeSetting('--allow-ttl', options.allowTtl, 'allowTTL'),
      denyTTL: decodeSetting('--deny-ttl', options.denyTtl, 'denyTTL'),
      retryBackoff: decodeSetting('--retry-backoff', options.retryBackoff, 'retryBackoff'),
      defaultAllow: options.defaultAllow === true || stage !== 'deny',
    },
    names: [
      ...new Set([host, ...(isUnspecified(address) ? [] : [address]), ...splitList(options.hostNames ?? '')]),
    ],
    way: await decodeWay(options),
    days: decodeNumber('--days', options.days, 1, 3650),
    timeoutMs: decodeNumber('--timeout', options.timeout, 0, 3600) * 1000,
    version: options.kubernetesVersion === undefined ? undefined : decodeVersion(options.kubernetesVersion),
  };
}

/** Where the files of a node are, with the gate's static pod beside that of kube-apiserver. */
export function decodePlaces({ folder, manifest, unit }: ImagePolicyOptions): NodePlaces {
  requireAbsolute('--folder', folder);
  requireAbsolute('--manifest', manifest);
  requireAbsolute('--unit', unit);
  if (`${folder}/`.startsWith(`${dirname(manifest)}/`)) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `--folder ${folder} is inside the folder of manifests, where the kubelet would take its files for pods`,
    );
  }
  return { folder, manifest, gatePod: join(dirname(manifest), 'kube-image-bouncer.yaml'), gateUnit: unit };
}

/** @throws {SettingsError} SETTINGS_CONFLICT for options that exclude or need each other. */
export function refuseConflicts(options: ImagePolicyOptions): void {
  const { apply, undo, out, caCert, caKey, signer, approve, policy, kubeSystem, kubeconfig, yes } = options;
  const modes = [apply === true, undo === true, out !== undefined].filter(Boolean).length;
  if (modes > 1) throw conflict('--apply, --undo and --out contradict each other: give one of them');
  if (yes === true && apply !== true) throw conflict('--yes is for --apply');
  if (policy !== undefined && kubeSystem !== undefined)
    throw conflict('--kube-system shapes the default policy, and --policy brings another: give either');
  if (caKey !== undefined && caCert === undefined)
    throw conflict('--ca-cert is missing: a certificate and its key go together');
  if (signer === undefined) {
    if (caCert !== undefined && caKey === undefined)
      throw conflict('--ca-key is missing: without it, or --signer, nobody signs');
    if (approve === true) throw conflict('--approve is for --signer');
  } else {
    if (caKey !== undefined) throw conflict('--ca-key and --signer both say who signs: give one of them');
    if (kubeconfig === undefined) throw conflict('--signer asks a cluster: give --kubeconfig as well');
  }
}

function decodeHost({ name, address }: ImagePolicyOptions): string {
  const host = name ?? (isUnspecified(address) ? (isIP(address) === 6 ? '::1' : '127.0.0.1') : address);
  if (isIP(host) !== 0 || HOST.test(host)) return host;
  throw new SettingsError(
    'SETTING_INVALID',
    `--name: ${JSON.stringify(host)} is neither a name nor an address`,
  );
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function decodeHealthPort(text: string | undefined, port: number): number {
  const healthPort =
    text === undefined
      ? port === 65535
        ? port - 1
        : port + 1
      : decodeNumber('--health-port', text, 1, 65535);
  if (healthPort !== port) return healthPort;
  throw conflict('--health-port is the same as --port');
}

/** What systemd takes as it stands: it splits at spaces, and reads `%`, `$`, quotes and backslashes its own way. */
const PLAIN_PATH = /^[\w./+@,=-]+$/;

function requirePlain(option: string, path: string): string {
  if (PLAIN_PATH.test(path)) return requireAbsolute(option, path);
  throw new SettingsError(
    'SETTING_INVALID',
    `${option}: ${JSON.stringify(path)} cannot stand in a systemd unit: use letters, digits and ./_-+@,= alone`,
  );
}

function decodeRunner({ gate, image, program, folder }: ImagePolicyOptions): GateRunner {
  switch (gate) {
    case 'static-pod':
      return { kind: gate, image: decodeImage(image) };
    case 'systemd':
      requirePlain('--folder', folder);
      return { kind: gate, program: requirePlain('--program', program) };
    case 'none':
      return { kind: gate };
  }
}

function decodeImage(image: string | undefined): string {
  if (image === undefined)
    throw conflict('give --image, the gate as a container image, or --gate systemd or none');
  const reference = parseImageReference(image);
  if (reference.kind === 'image') return image;
  throw new SettingsError('SETTING_INVALID', `--image: ${inEnglish(reference.reason)}`);
}

function decodeSetting(option: string, text: string, key: keyof typeof SETTING_RANGES): number {
  const [least, most] = SETTING_RANGES[key];
  return text === '-1' ? -1 : decodeNumber(option, text, least, most);
}

async function decodeWay({
  caCert,
  caKey,
  signer,
  approve = false,
}: ImagePolicyOptions): Promise<SigningWay> {
  const certificate = caCert === undefined ? undefined : await readSetting('--ca-cert', caCert);
  if (certificate !== undefined) requirePem('--ca-cert', caCert ?? '', () => parseCertificates(certificate));
  if (signer !== undefined) return { kind: 'signer', signer, isApproved: approve, trust: certificate };
  if (certificate === undefined || caKey === undefined) return { kind: 'own' };
  return { kind: 'given', certificate, key: await readSetting('--ca-key', caKey) };
}

function conflict(message: string): SettingsError {
  return new SettingsError('SETTINGS_CONFLICT', message);
}
