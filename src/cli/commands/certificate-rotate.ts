import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertificateError } from '../../certificate/errors.ts';
import { folderTarget } from '../../certificate/folder-target.ts';
import { placesIn } from '../../certificate/pki-folder.ts';
import {
  rotate,
  type RotationOptions,
  type RotationProgress,
  type RotationTarget,
} from '../../certificate/rotation.ts';
import {
  isStaticallyWired,
  trustedByStaticFiles,
  type StaticWebhooks,
} from '../../control-plane/static-trust.ts';
import { STATIC_FOLDER } from '../../control-plane/static-webhook-plan.ts';
import { openCluster } from '../../kubernetes/config.ts';
import { isAtLeast, parseKubernetesVersion } from '../../kubernetes/version.ts';
import { WEBHOOK_DOMAIN } from '../../wiring/names.ts';
import { clusterTarget, requireRotatable, trustedByWebhooks } from '../../webhook/rotation-target.ts';
import { addressOf } from '../certificate-material.ts';
import { splitList } from '../chosen-policy.ts';
import { readAuthority } from '../given-authority.ts';
import { decodeNumber } from '../number-setting.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';

export interface RotateOptions {
  readonly folder?: string;
  readonly address?: string;
  readonly webhooks?: boolean;
  readonly namespace: string;
  readonly authority?: boolean;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly hostNames?: string;
  readonly days: string;
  readonly caDays: string;
  readonly delay?: string;
  readonly clientDelay: string;
  readonly canaryTimeout: string;
  readonly kubernetesVersion?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/**
 * Seconds until everybody has seen a change: the gate a file; the kubelet a Secret, and the gate the kubelet's file; an
 * API server its static webhooks, and the CA file of its `ImagePolicyWebhook`, at which it looks every five minutes
 * since 1.36.
 */
const DELAYS = { folder: '30', static: '120', cluster: '120', imagePolicy: '330' } as const;
const MOST_SECONDS = 86_400;
const MOST_DAYS = 7300;

/** Rotates the certificates of a gate, saying each step and why; finishes a rotation that was begun. */
export async function rotateCertificates(
  options: RotateOptions,
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const settings = await decodeRotation(options);
  const target =
    options.folder === undefined
      ? await openClusterTarget(options)
      : await openFolderTarget(options.folder, options);
  try {
    await rotate(target, {
      ...settings,
      onProgress: (progress) => void stdout.write(`${renderProgress(progress)}\n`),
    });
    return 0;
  } catch (error) {
    if (!(error instanceof CertificateError) || error.code !== 'ROTATION_STOPPED') throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function decodeRotation(options: RotateOptions): Promise<RotationOptions> {
  const given = await readAuthority(options);
  const names = options.hostNames === undefined ? undefined : splitList(options.hostNames);
  const seconds = (option: string, text: string): number =>
    decodeNumber(option, text, 0, MOST_SECONDS) * 1000;
  return {
    authority: options.authority ?? false,
    ...(given !== undefined && { given }),
    ...(names !== undefined && { names }),
    days: decodeNumber('--days', options.days, 1, MOST_DAYS),
    authorityDays: decodeNumber('--ca-days', options.caDays, 1, MOST_DAYS),
    delayMs: seconds('--delay', options.delay ?? DELAYS[await placeOf(options)]),
    clientDelayMs: seconds('--client-delay', options.clientDelay),
    canaryTimeoutMs: seconds('--canary-timeout', options.canaryTimeout),
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
  };
}

async function placeOf({ folder, authority, webhooks }: RotateOptions): Promise<keyof typeof DELAYS> {
  if (folder === undefined) return 'cluster';
  if (authority !== true) return 'folder';
  if (webhooks !== true) return 'imagePolicy';
  return (await isStaticallyWired(staticWebhooksOf(folder))) ? 'static' : 'folder';
}

/** Where `bootstrap static` puts what it makes, beside the certificates. */
function staticWebhooksOf(folder: string): StaticWebhooks {
  return { folder: join(resolve(folder), '..', STATIC_FOLDER), domain: WEBHOOK_DOMAIN };
}

async function openClusterTarget(options: RotateOptions): Promise<RotationTarget> {
  if (options.address !== undefined || options.webhooks === true)
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--address and --webhooks belong to --folder: without it, everything is in the cluster',
    );
  const cluster = await openCluster(options);
  if (options.authority === true) await requireRotatable(cluster, options.namespace);
  return clusterTarget({ cluster, namespace: options.namespace });
}

async function openFolderTarget(folder: string, options: RotateOptions): Promise<RotationTarget> {
  requireFileRead(options);
  const address = options.address === undefined ? undefined : addressOf(options.address);
  if (options.address !== undefined && address === undefined)
    throw new SettingsError(
      'SETTING_INVALID',
      `--address: ${JSON.stringify(options.address)} is not host:port`,
    );
  const inFolder = folderTarget({
    files: placesIn(folder),
    now: () => new Date(),
    ...(address !== undefined && { address }),
  });
  const files = trustedByStaticFiles(inFolder, staticWebhooksOf(folder));
  if (options.webhooks !== true) return files;
  return trustedByWebhooks(files, await openCluster(options));
}

/** An `ImagePolicyWebhook` before 1.36 would go on trusting the old authority alone. */
function requireFileRead({ authority, webhooks, kubernetesVersion }: RotateOptions): void {
  if (authority !== true || webhooks === true) return;
  const how = 'rotate the leaf alone, without --authority';
  if (kubernetesVersion === undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `--kubernetes-version is missing: an API server before 1.36 reads the CA of its ImagePolicyWebhook once, at its start, and could not follow; before that, ${how}`,
    );
  }
  const version = parseKubernetesVersion(kubernetesVersion);
  if (version === undefined)
    throw new SettingsError(
      'SETTING_INVALID',
      `--kubernetes-version: ${JSON.stringify(kubernetesVersion)} is no version such as 1.36`,
    );
  if (isAtLeast(version, 1, 36)) return;
  throw new CertificateError(
    'ROTATION_IMPOSSIBLE',
    `an API server of Kubernetes ${version.major}.${version.minor} reads the CA of its ImagePolicyWebhook once, at its start, and would refuse a leaf of a new one: ${how}`,
  );
}

const STEPS = {
  trust: 'the new CA is trusted beside the old one; nothing is signed by it yet',
  forget: 'a CA that was trusted and never signed anything is taken away again',
  'switch-leaf': 'the gate gets a new certificate and key',
  'switch-client': 'the API server gets a new client certificate for the key that it has',
  drop: 'the old CA is trusted no more, once everybody has the new certificate',
} as const;

function renderProgress(progress: RotationProgress): string {
  switch (progress.what) {
    case 'begin':
      return progress.authority
        ? 'begins: CA and certificates'
        : 'begins: certificate and key, under the same CA';
    case 'resume':
      return 'a rotation was begun before and did not end; it is finished first';
    case 'create-authority':
      return 'new CA: made beside the old one, and trusted before it signs anything';
    case 'step':
      return `${progress.step}: ${STEPS[progress.step]}`;
    case 'wait':
      return `wait: ${progress.milliseconds / 1000} s, until everybody has seen the last change`;
    case 'canary':
      return 'canary: does the gate still answer whoever trusts it?';
    case 'put-back':
      return 'put back: the gate gets its former certificate again';
    case 'trust-again':
      return 'trust again: the old CA is trusted beside the new one again';
    case 'done':
      return 'done';
  }
}
