import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { CertificateError } from '../../certificate/errors.ts';
import { addressOf } from '../../certificate/material.ts';
import type { RotationOptions, RotationProgress } from '../../certificate/rotation.ts';
import { interruptible, isInterruption, saying } from '../../rollout/interruption.ts';
import { rotateGate, type FolderTrust, type RotationPlace } from '../../rollout/certificate-rotation.ts';
import { addClusterOptions, type CommandContext, type ExitCode, type Streams, writeTo } from '../command.ts';
import { whileChanging } from '../interruption.ts';
import {
  conflict,
  decodeAnyVersion,
  decodeNumber,
  invalid,
  openCluster,
  readAuthority,
  splitList,
} from '../settings.ts';
import { addAuthorityOptions, decodeDays, type AuthorityOptions } from './certificate-create.ts';

interface RotateOptions extends AuthorityOptions {
  readonly folder?: string;
  readonly address?: string;
  readonly webhooks?: boolean;
  readonly namespace: string;
  readonly authority?: boolean;
  readonly hostNames?: string;
  readonly delay?: string;
  readonly clientDelay: string;
  readonly canaryTimeout: string;
  readonly kubernetesVersion?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  command
    .option('--folder <folder>', 'folder of the certificates (default: the Secrets in the cluster)')
    .option('--address <host:port>', 'address of the gate of --folder, for the canary')
    .option('--webhooks', 'the CA of --folder is also in caBundle of the webhook configurations: change both')
    .option('--namespace <name>', 'namespace of the gate in the cluster', 'kube-image-bouncer')
    .option('--authority', 'rotate the CA as well')
    .option(
      '--host-names <names>',
      'names of the new certificate (default: the names of the old certificate)',
    );
  addAuthorityOptions(command)
    .option(
      '--delay <seconds>',
      'pause between two changes (default: 30; Secrets 120; CA without --webhooks 330)',
    )
    .option('--client-delay <seconds>', 'pause after a change of the client pair of the API server', '330')
    .option('--canary-timeout <seconds>', 'longest time without an answer of the gate', '60')
    .option(
      '--kubernetes-version <version>',
      'version of the API server; before 1.36 it reads a CA file only at its start',
    );
  addClusterOptions(command)
    .addHelpText('after', '\nAfter an interruption, run the command again: it continues where it stopped.')
    .action(async (options: RotateOptions) => finish(await rotateCertificates(options, streams)));
}

const MAX_SECONDS = 86_400;

/** Rotates the certificates of a gate, and prints each step and its reason. Finishes an interrupted rotation. */
async function rotateCertificates(options: RotateOptions, streams: Streams): Promise<ExitCode> {
  const { stdout, stderr } = streams;
  const settings = await decodeRotation(options);
  const place =
    options.folder === undefined ? await clusterOf(options) : await folderOf(options.folder, options);
  try {
    await whileChanging(streams)((interruption) =>
      rotateGate(place, {
        ...settings,
        sleep: interruptible(settings.sleep, interruption),
        onProgress: (progress) => writeTo(stdout, `${renderProgress(progress)}\n`),
      }),
    );
    return 0;
  } catch (error) {
    if (isInterruption(error))
      throw saying(error, 'every client still accepts the gate; run this command again, and it continues');
    if (!(error instanceof CertificateError) || error.code !== 'ROTATION_STOPPED') throw error;
    writeTo(stderr, `${error.message}\n`);
    return 1;
  }
}

async function decodeRotation(options: RotateOptions): Promise<RotationOptions> {
  const given = await readAuthority(options);
  const seconds = (option: string, text: string): number => decodeNumber(option, text, 0, MAX_SECONDS) * 1000;
  return {
    authority: options.authority ?? false,
    ...(given !== undefined && { given }),
    ...(options.hostNames !== undefined && { names: splitList(options.hostNames) }),
    ...decodeDays(options),
    ...(options.delay !== undefined && { delayMs: seconds('--delay', options.delay) }),
    clientDelayMs: seconds('--client-delay', options.clientDelay),
    canaryTimeoutMs: seconds('--canary-timeout', options.canaryTimeout),
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
  };
}

async function clusterOf(options: RotateOptions): Promise<RotationPlace> {
  if (options.address !== undefined || options.webhooks === true)
    throw conflict('--address and --webhooks belong to --folder: without it, everything is in the cluster');
  return { kind: 'cluster', cluster: await openCluster(options), namespace: options.namespace };
}

async function folderOf(folder: string, options: RotateOptions): Promise<RotationPlace> {
  const trust = await trustOf(options);
  const address = options.address === undefined ? undefined : addressOf(options.address);
  if (options.address !== undefined && address === undefined)
    throw invalid(`--address: ${JSON.stringify(options.address)} is not host:port`);
  return { kind: 'folder', folder, address, trust };
}

async function trustOf(options: RotateOptions): Promise<FolderTrust> {
  if (options.webhooks === true) return { kind: 'webhooks', cluster: await openCluster(options) };
  const version = decodeAnyVersion(options.kubernetesVersion);
  if (options.authority === true && version === undefined) {
    throw conflict(
      '--kubernetes-version is missing: an API server before 1.36 reads the CA of ImagePolicyWebhook only when it starts, so its CA cannot be rotated; for an older API server rotate only the certificate, without --authority',
    );
  }
  return { kind: 'files', version };
}

const STEPS = {
  trust: 'clients trust the new CA and the old one; the new CA has signed nothing yet',
  forget: 'a trusted CA that has never signed anything is removed',
  'switch-leaf': 'the gate gets a new certificate and key',
  'switch-client': 'the API server gets a new client certificate for its present key',
  drop: 'the old CA is removed from the trusted CAs, because nothing uses its certificates any more',
} as const;

function renderProgress(progress: RotationProgress): string {
  switch (progress.what) {
    case 'begin':
      return progress.authority
        ? 'begins: CA and certificates'
        : 'begins: certificate and key, under the same CA';
    case 'resume':
      return 'an earlier rotation was interrupted; it is finished first';
    case 'create-authority':
      return 'new CA: created in addition to the old one; clients trust it before it signs anything';
    case 'step':
      return `${progress.step}: ${STEPS[progress.step]}`;
    case 'wait':
      return `wait: ${progress.milliseconds / 1000} s, until every client has read the last change`;
    case 'canary':
      return 'canary: testing whether clients still accept the certificate of the gate';
    case 'put-back':
      return 'put back: the gate gets its former certificate again';
    case 'trust-again':
      return 'trust again: clients trust the old CA again, in addition to the new one';
    case 'done':
      return 'done';
  }
}
