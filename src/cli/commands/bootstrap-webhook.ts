import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { renderYamlStream } from '../../document/render.ts';
import { parseImageReference } from '../../image/reference.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { describeObject } from '../../kubernetes/object.ts';
import { inEnglish } from '../../language/catalogue.ts';
import { readPolicyText } from '../../policy-source/load.ts';
import { describeShortNames } from '../../rollout/short-names.ts';
import type { Stage } from '../../policy/stage.ts';
import { planWebhook, type WebhookPlan, type WebhookSettings } from '../../rollout/webhook-plan.ts';
import { writePrivately, type GivenAuthority } from '../../rollout/webhook-certificates.ts';
import {
  removeWebhook,
  rollOutWebhook,
  type WebhookRemovalResult,
  type WebhookRolloutPorts,
  type WebhookRolloutResult,
} from '../../rollout/webhook-rollout.ts';
import type { GateAddress, KubeSystemMode } from '../../webhook/configuration.ts';
import type { AdmittedClient } from '../../webhook/gate-deployment.ts';
import type { IssuedCertificates } from '../../webhook/gate-objects.ts';
import { unreadableResources } from '../../webhook/rules.ts';
import { NODE_FOLDER } from '../../wiring/names.ts';
import {
  addClusterOptions,
  addWebhookOptions,
  BOOTSTRAP_EXIT_CODES,
  YES_OPTION,
  type CommandContext,
  type Environment,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { decodeLanguage, languageNotes } from '../language.ts';
import { causeOf, renderNext, renderRolloutEvent } from '../rollout-output.ts';
import { requireClientAuthorities } from '../../certificate/client-authorities.ts';
import { whileChanging } from '../interruption.ts';
import {
  conflict,
  decodeNamespace,
  decodeNamespaces,
  decodeNumber,
  decodeOrigin,
  decodeVersion,
  invalid,
  openCluster,
  openNamedCluster,
  readCertificates,
  requirePem,
  readSetting,
  requireAbsolute,
} from '../settings.ts';
import { stateFolder } from './serve-settings.ts';

/** Options of `bootstrap webhook` as text. */
interface WebhookOptions {
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

export function define(command: Command, { environment, streams, finish }: CommandContext): void {
  command
    .option('--url <url>', 'a gate outside the cluster: its URL for the API server, https://host:port')
    .option('--service', 'a gate in the cluster; its objects are created too')
    .option('--apply', 'apply to the cluster instead of printing')
    .option('--delete', 'delete the webhook configuration, then the gate')
    .option('--out <folder>', 'write files there instead of printing')
    .option(...YES_OPTION)
    .option('--no-wait', 'with --apply: do not wait for the gate, and do not send the canary');
  addWebhookOptions(command, 'the one in the cluster')
    .option('--namespace <name>', "with --service: the gate's own namespace", 'kube-image-bouncer')
    .option('--image <reference>', "with --service: the gate's image")
    .option('--replicas <number>', 'with --service: pods of the gate', '3')
    .option(
      '--language <tag>',
      'with --service: language of denials (default: the present language, otherwise English)',
    )
    .option('--ca-cert <file>', 'CA that signs the serving certificate; with --url: CA that has signed it')
    .option('--ca-key <file>', 'private key of --ca-cert')
    .option('--cert-manager <issuer>', 'with --service: [ClusterIssuer/]NAME makes the certificate')
    .option('--days <number>', 'lifetime of a new certificate, in days', '365')
    .option(
      '--client-ca [file]',
      'accept only the API server; the file has the CA of its certificate (default: CA of the gate)',
    )
    .option(
      '--client-name <name>',
      "with --client-ca: common name of the API server's certificate",
      'kube-apiserver',
    )
    .option(
      '--node-folder <path>',
      "with --client-ca: folder of the API server's files on control-plane nodes",
      NODE_FOLDER,
    )
    .option(
      '--kubernetes-version <version>',
      'such as 1.30 (default: the version of the cluster, otherwise the newest)',
    );
  addClusterOptions(command)
    .addHelpText('after', BOOTSTRAP_EXIT_CODES)
    .action(async (options: WebhookOptions) => finish(await bootstrapWebhook(options, environment, streams)));
}

/** Prints, writes, applies or deletes everything that an admission webhook needs. */
async function bootstrapWebhook(
  options: WebhookOptions,
  environment: Environment,
  streams: Streams,
): Promise<ExitCode> {
  const { stdout, stderr } = streams;
  const note = (text: string): void => writeTo(stderr, `note: ${text}\n`);
  const { apply = false, yes = false, wait, out, policy } = options;
  if (options.delete === true) return deleteWebhook(options, streams);
  const settings = await decodeWebhookSettings(options);
  // Without --apply a cluster is used only if an option names it. The output then does not depend on the kubeconfig
  // of the machine.
  const cluster = apply ? await openCluster(options) : await openNamedCluster(options);
  const plan = await planWebhook(settings, {
    cluster,
    policy: policy === undefined ? undefined : { text: await readPolicyText(policy), file: policy },
    out,
    stateFolder: stateFolder({}, environment),
    now: () => new Date(),
  });
  for (const text of notesOf(plan)) note(text);
  const shortNames = describeShortNames(plan.policy, plan.crioNodes);
  if (shortNames !== undefined) note(shortNames);
  if (out !== undefined) await writePrivately(out, plan.files);
  if (apply && cluster !== undefined) {
    const result = await rollOutWebhook(plan, { yes, wait }, portsOf(cluster, streams));
    return finishWith(renderRolloutResult(result), stdout);
  }
  if (out === undefined) {
    if (plan.holdsKeys) note('the Secrets of this stream hold private keys');
    writeTo(stdout, renderYamlStream([...plan.gateObjects, plan.configuration]));
  } else writeTo(stdout, `written to ${out}\n`);
  return 0;
}

async function deleteWebhook(options: WebhookOptions, streams: Streams): Promise<ExitCode> {
  if (options.apply === true) throw conflict('--apply and --delete contradict each other: give one of them');
  const namespace = decodeNamespace('--namespace', options.namespace);
  const cluster = await openCluster(options);
  const result = await removeWebhook(namespace, portsOf(cluster, streams));
  return finishWith(renderRemovalResult(result), streams.stdout);
}

function portsOf(cluster: KubernetesClient, streams: Streams): WebhookRolloutPorts {
  return {
    cluster,
    onProgress: (event) => writeTo(streams.stdout, `${renderRolloutEvent(event)}\n`),
    sleep: async (ms) => delay(ms),
    whileChanging: whileChanging(streams),
  };
}

/** Prints a problem, if there is one. Returns exit code 0 without a problem, otherwise 1. */
function finishWith(problem: string | undefined, stdout: Streams['stdout']): ExitCode {
  if (problem === undefined) return 0;
  writeTo(stdout, `${problem}\n`);
  return 1;
}

function renderRolloutResult(result: WebhookRolloutResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'client-certificate-missing':
      return renderNext(
        'nothing was applied: the gate would require a client certificate that the control-plane nodes do not have yet; at stage deny every pod would be refused. Do one of these:',
        'first run the command with --out and without --apply, and copy the files to the nodes',
        'first apply with --stage warn',
        'continue with --yes',
      );
    case 'workloads-refused':
      return renderNext(
        'nothing was applied: running workloads continue to run, but would not start again. Do one of these:',
        'correct the workloads or the policy',
        'first roll out with --stage warn',
        'continue with --yes',
      );
    case 'gate-not-ready':
      return `not wired: no pod of Deployment ${result.namespace}/kube-image-bouncer became ready within ${result.timeoutMs / 60_000} minutes; look at \`kubectl -n ${result.namespace} describe pods\`, then run this command again`;
    case 'trial-failed': {
      const { verdict, timeoutMs } = result.canary;
      return renderNext(
        `not wired: at stage warn a pod with a forbidden image is ${verdict.outcome}, not warned about, after ${timeoutMs / 1000} s${causeOf(verdict)}. Check these:`,
        'the address of the gate, as the control plane reaches it',
        'the CA of its certificate',
        "with --client-ca, the API server's own kubeconfig",
        'to wire the gate without this test, give --no-wait',
      );
    }
    case 'not-proved':
      return 'to find the reason, run `kube-image-bouncer doctor`';
  }
}

function renderRemovalResult(result: WebhookRemovalResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'still-called':
      return `the gate was not deleted: the API server still calls a gate (the canary is ${result.verdict.outcome}), because of another wiring or an API server that has not read the change`;
    case 'has-callers':
      return `${result.callers.map(describeObject).join(', ')} still calls the gate, so the gate was not deleted: first delete this configuration, or change its address`;
  }
}

function notesOf({ settings, gate, policy }: WebhookPlan): readonly string[] {
  const { address, client, language, nodeFolder } = settings;
  const notes = [...languageNotes(gate === undefined ? language : gate.language)];
  if (address.form === 'url' && language !== undefined)
    notes.push(`--language is for --service: start the gate at ${address.origin} with it`);
  const unread = unreadableResources(policy);
  if (unread.length > 0) {
    notes.push(
      `the policy names ${unread.join(', ')}, but not the fields of their images: the gate reviews only their pods until customResources of the policy lists them`,
    );
  }
  if (gate !== undefined) {
    const reference = parseImageReference(gate.image);
    if (reference.kind === 'image' && reference.digest === undefined)
      notes.push(
        `--image ${gate.image} is not pinned: add its digest, because the gate does not judge its own image`,
      );
  }
  if (client !== undefined) {
    notes.push(
      `on every control-plane node, copy webhook-kubeconfig.yaml, admission-configuration.yaml and pki/apiserver-client.* to ${nodeFolder} and give kube-apiserver --admission-control-config-file=${join(nodeFolder, 'admission-configuration.yaml')}; until then the gate refuses its connections`,
    );
  }
  return notes;
}

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** @throws {SettingsError} SETTING_INVALID, SETTINGS_CONFLICT or FILE_UNREADABLE, naming the option */
async function decodeWebhookSettings(options: WebhookOptions): Promise<WebhookSettings> {
  const address = chooseAddress(options);
  refuseConflicts(options, address);
  if (options.image !== undefined) requireImage(options.image);
  return {
    address,
    stage: options.stage,
    kubeSystem: options.kubeSystem,
    exemptNamespaces: decodeNamespaces('--exempt-namespaces', options.exemptNamespaces),
    timeoutSeconds: decodeNumber('--timeout-seconds', options.timeoutSeconds, 1, 30),
    image: options.image,
    replicas: decodeNumber('--replicas', options.replicas, 1, 100),
    language: decodeLanguage(options.language),
    days: decodeNumber('--days', options.days, 1, 3650),
    authority: await readGivenAuthority(options),
    issuer: options.certManager === undefined ? undefined : decodeIssuer(options.certManager),
    client: await decodeClient(options),
    nodeFolder: requireAbsolute('--node-folder', options.nodeFolder),
    version: decodeVersion(options.kubernetesVersion),
  };
}

function chooseAddress({ url, service = false, namespace }: WebhookOptions): GateAddress {
  if (url !== undefined && service)
    throw conflict(
      '--url is for a gate outside the cluster, and --service for a gate in the cluster: give one of them',
    );
  if (url !== undefined) return { form: 'url', origin: decodeOrigin(url) };
  if (!service) throw conflict('give --url https://host:port for a gate that runs already, or --service');
  return { form: 'service', namespace: decodeNamespace('--namespace', namespace) };
}

function refuseConflicts(options: WebhookOptions, { form }: GateAddress): void {
  const { apply, certManager, caCert, caKey, clientCa, out, image, yes } = options;
  if (form === 'url') {
    if (certManager !== undefined)
      throw conflict('--cert-manager needs --service: with --url the gate has a certificate already');
    if (image !== undefined) throw conflict('--image needs --service: with --url the gate runs already');
  }
  if (caKey !== undefined && caCert === undefined)
    throw conflict('--ca-cert is missing: give a certificate and its key together');
  if (form === 'service' && caCert !== undefined && caKey === undefined)
    throw conflict('--ca-key is missing: with --service the CA signs the certificate of the gate');
  if (certManager !== undefined && caCert !== undefined)
    throw conflict('--cert-manager and --ca-cert both choose the signer: give one of them');
  if (certManager !== undefined && clientCa === true)
    throw conflict('--client-ca needs a file with --cert-manager: the gate has no CA of its own');
  if (clientCa !== undefined && out === undefined)
    throw conflict('--client-ca makes files for the control-plane nodes: give a folder for them with --out');
  if (yes === true && apply !== true) throw conflict('--yes needs --apply');
}

function requireImage(image: string): void {
  const reference = parseImageReference(image);
  if (reference.kind === 'invalid') throw invalid(`--image: ${inEnglish(reference.reason)}`);
}

async function readGivenAuthority({ caCert, caKey }: WebhookOptions): Promise<GivenAuthority | undefined> {
  if (caCert === undefined) return undefined;
  const certificate = await readCertificates('--ca-cert', caCert);
  return { certificate, key: caKey === undefined ? undefined : await readSetting('--ca-key', caKey) };
}

function decodeIssuer(text: string): IssuedCertificates['issuer'] {
  const [, kind = 'Issuer', name = ''] = /^(?:(Issuer|ClusterIssuer)\/)?(.+)$/.exec(text) ?? [];
  if (DNS_SUBDOMAIN.test(name)) return { kind: kind === 'ClusterIssuer' ? kind : 'Issuer', name };
  throw invalid(
    `--cert-manager: ${JSON.stringify(text)} is neither a name, nor Issuer/name, nor ClusterIssuer/name`,
  );
}

async function decodeClient({ clientCa, clientName }: WebhookOptions): Promise<AdmittedClient | undefined> {
  if (clientCa === undefined) return undefined;
  const commonName = clientName.trim();
  // The gate reads this option as a list, and an empty list would accept every client.
  if (commonName === '' || commonName.includes(','))
    throw invalid(`--client-name: ${JSON.stringify(clientName)} is not one name`);
  if (clientCa === true) return { commonName, authority: undefined };
  const authority = await readCertificates('--client-ca', clientCa);
  requirePem('--client-ca', clientCa, () => requireClientAuthorities(authority, new Date()));
  return { commonName, authority };
}
