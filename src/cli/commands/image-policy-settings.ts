import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { GATE_POD } from '../../control-plane/gate-command.ts';
import { SETTING_RANGES } from '../../control-plane/image-policy-settings.ts';
import type { GateRunner, NodePlaces } from '../../control-plane/node-plan.ts';
import { parseImageReference } from '../../image/reference.ts';
import { inEnglish } from '../../language/catalogue.ts';
import { readPolicyText } from '../../policy-source/load.ts';
import type { Stage } from '../../policy/stage.ts';
import type { NodeSettings } from '../../rollout/image-policy-plan.ts';
import type { SigningWay } from '../../rollout/node-certificates.ts';
import type { KubeSystemMode } from '../../webhook/configuration.ts';
import { decodeLanguage } from '../language.ts';
import {
  conflict,
  decodeNumber,
  decodeVersion,
  invalid,
  readCertificates,
  readSetting,
  requireAbsolute,
  requireOneMode,
  splitList,
} from '../settings.ts';

/** The ways to start the gate on a control-plane node. */
export const GATE_RUNNERS = ['static-pod', 'systemd', 'none'] as const;

/** Options of `bootstrap image-policy` as text. */
export interface ImagePolicyOptions {
  readonly apply?: boolean;
  readonly undo?: boolean;
  readonly out?: string;
  readonly folder: string;
  readonly manifest: string;
  readonly unit: string;
  readonly name?: string;
  readonly address: string;
  readonly port: string;
  readonly healthPort?: string;
  readonly hostNames?: string;
  readonly stage: Stage;
  readonly defaultAllow?: boolean;
  readonly allowTtl: string;
  readonly denyTtl: string;
  readonly retryBackoff: string;
  readonly policy?: string;
  readonly kubeSystem?: KubeSystemMode;
  readonly gate: (typeof GATE_RUNNERS)[number];
  readonly image?: string;
  readonly program: string;
  readonly language?: string;
  readonly days: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly signer?: string;
  readonly approve?: boolean;
  readonly kubernetesVersion?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly timeout: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const HOST = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i;

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option. */
export async function decodeNodeSettings(options: ImagePolicyOptions): Promise<NodeSettings> {
  const { address, stage, policy } = options;
  if (isIP(address) === 0) throw invalid(`--address: ${JSON.stringify(address)} is not an IP address`);
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
      ...new Set([host, ...(isUnspecified(address) ? [] : [address]), ...splitList(options.hostNames)]),
    ],
    way: await decodeWay(options),
    days: decodeNumber('--days', options.days, 1, 3650),
    policy: policy === undefined ? undefined : { text: await readPolicyText(policy), file: policy },
    kubeSystem: options.kubeSystem,
    version: decodeVersion(options.kubernetesVersion),
  };
}

/** The paths of a node's files. The static pod manifests of the gate and of kube-apiserver are in one folder. */
export function decodePlaces({ folder, manifest, unit }: ImagePolicyOptions): NodePlaces {
  requireAbsolute('--folder', folder);
  requireAbsolute('--manifest', manifest);
  requireAbsolute('--unit', unit);
  if (`${folder}/`.startsWith(`${dirname(manifest)}/`)) {
    throw conflict(
      `--folder ${folder} is inside the folder of manifests, where the kubelet would read its files as pods`,
    );
  }
  return { folder, manifest, gatePod: join(dirname(manifest), GATE_POD), gateUnit: unit };
}

/** @throws {SettingsError} SETTINGS_CONFLICT if options exclude each other, or if an option needs another one. */
export function refuseConflicts(options: ImagePolicyOptions): void {
  const { caCert, caKey, signer, approve, policy, kubeSystem, kubeconfig } = options;
  requireOneMode(options);
  if (policy !== undefined && kubeSystem !== undefined)
    throw conflict('--kube-system changes the default policy, and --policy replaces it: give one of them');
  if (caKey !== undefined && caCert === undefined)
    throw conflict('--ca-cert is missing: give a certificate and its key together');
  if (signer === undefined) {
    if (caCert !== undefined && caKey === undefined)
      throw conflict('--ca-key is missing: the CA needs its key to sign, or give --signer');
    if (approve === true) throw conflict('--approve needs --signer');
  } else {
    if (caKey !== undefined) throw conflict('--ca-key and --signer both choose the signer: give one of them');
    if (kubeconfig === undefined) throw conflict('--signer needs a cluster: give --kubeconfig as well');
  }
}

function decodeHost({ name, address }: ImagePolicyOptions): string {
  const host = name ?? (isUnspecified(address) ? (isIP(address) === 6 ? '::1' : '127.0.0.1') : address);
  if (isIP(host) !== 0 || HOST.test(host)) return host;
  throw invalid(`--name: ${JSON.stringify(host)} is neither a name nor an address`);
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

/** Characters that systemd does not interpret. It splits at spaces and expands `%`, `$`, quotes and backslashes. */
const PLAIN_PATH = /^[\w./+@,=-]+$/;

function requirePlain(option: string, path: string): string {
  if (PLAIN_PATH.test(path)) return requireAbsolute(option, path);
  throw invalid(
    `${option}: ${JSON.stringify(path)} cannot be used in a systemd unit: use only letters, digits and ./_-+@,=`,
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
    throw conflict('--image is missing: give the image of the gate, or --gate systemd, or --gate none');
  const reference = parseImageReference(image);
  if (reference.kind === 'image') return image;
  throw invalid(`--image: ${inEnglish(reference.reason)}`);
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
  const certificate = caCert === undefined ? undefined : await readCertificates('--ca-cert', caCert);
  if (signer !== undefined) return { kind: 'signer', signer, isApproved: approve, trust: certificate };
  if (certificate === undefined || caKey === undefined) return { kind: 'own' };
  return { kind: 'given', certificate, key: await readSetting('--ca-key', caKey) };
}
