import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { renderYamlStream } from '../../document/render.ts';
import { parseImageReference } from '../../image/reference.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { describeObject } from '../../kubernetes/object.ts';
import { inEnglish } from '../../language/catalogue.ts';
import { readPolicyText } from '../../policy/load.ts';
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
} from '../command.ts';
import { decodeLanguage, languageNotes } from '../language.ts';
import { causeOf, renderNext, renderRolloutEvent } from '../rollout-output.ts';
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
    .option('--url <url>', 'a gate outside the cluster: https://host:port, as the API server reaches it')
    .option('--service', 'a gate in the cluster, with its objects')
    .option('--apply', 'apply to the cluster instead of printing')
    .option('--delete', 'delete the wiring, then the gate')
    .option('--out <folder>', 'write files there instead of printing')
    .option(...YES_OPTION)
    .option('--no-wait', 'with --apply: wire the gate without waiting for it and without proof');
  addWebhookOptions(command, 'the one in the cluster')
    .option('--namespace <name>', "with --service: the gate's own namespace", 'kube-image-bouncer')
    .option('--image <reference>', "with --service: the gate's image")
    .option('--replicas <number>', 'with --service: pods of the gate', '3')
    .option(
      '--language <tag>',
      'with --service: language of denials (default: that of the gate, otherwise English)',
    )
    .option('--ca-cert <file>', 'CA that signs the serving certificate; with --url: that signed it')
    .option('--ca-key <file>', 'its private key')
    .option('--cert-manager <issuer>', 'with --service: [ClusterIssuer/]NAME makes the certificate')
    .option('--days <number>', 'life of a new certificate', '365')
    .option('--client-ca [file]', "only the API server may call; CA of its certificate (default: the gate's)")
    .option('--client-name <name>', 'with --client-ca: common name of its certificate', 'kube-apiserver')
    .option(
      '--node-folder <path>',
      'with --client-ca: folder of its files on control-plane nodes',
      NODE_FOLDER,
    )
    .option(
      '--kubernetes-version <version>',
      'such as 1.30 (default: that of the cluster, otherwise the newest)',
    );
  addClusterOptions(command)
    .addHelpText('after', BOOTSTRAP_EXIT_CODES)
    .action(async (options: WebhookOptions) => finish(await bootstrapWebhook(options, environment, streams)));
}

/** Prints, writes, applies or deletes everything that an admission webhook needs. */
async function bootstrapWebhook(
  options: WebhookOptions,
  environment: Environment,
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const note = (text: string): void => void stderr.write(`note: ${text}\n`);
  const { apply = false, yes = false, wait, out, policy } = options;
  if (options.delete === true) return deleteWebhook(options, stdout);
  const settings = await decodeWebhookSettings(options);
  // Without --apply a cluster is called only if it is named, so that the output does not depend on the machine.
  const cluster = apply ? await openCluster(options) : await openNamedCluster(options);
  const plan = await planWebhook(settings, {
    cluster,
    policy: policy === undefined ? undefined : { text: await readPolicyText(policy), file: policy },
    out,
    stateFolder: stateFolder({}, environment),
    now: () => new Date(),
  });
  for (const text of notesOf(plan)) note(text);
  if (out !== undefined) await writePrivately(out, plan.files);
  if (apply && cluster !== undefined) {
    const result = await rollOutWebhook(plan, { yes, wait }, portsOf(cluster, stdout));
    return finishWith(renderRolloutResult(result), stdout);
  }
  if (out === undefined) {
    if (plan.holdsKeys) note('the Secrets of this stream hold private keys');
    stdout.write(renderYamlStream([...plan.gateObjects, plan.configuration]));
  } else stdout.write(`written to ${out}\n`);
  return 0;
}

async function deleteWebhook(options: WebhookOptions, stdout: Streams['stdout']): Promise<ExitCode> {
  if (options.apply === true) throw conflict('--apply and --delete contradict each other: give one of them');
  const namespace = decodeNamespace('--namespace', options.namespace);
  const cluster = await openCluster(options);
  return finishWith(renderRemovalResult(await removeWebhook(namespace, portsOf(cluster, stdout))), stdout);
}

function portsOf(cluster: KubernetesClient, stdout: Streams['stdout']): WebhookRolloutPorts {
  return {
    cluster,
    onProgress: (event) => void stdout.write(`${renderRolloutEvent(event)}\n`),
    sleep: async (ms) => delay(ms),
  };
}

/** Exit code 0 if there is nothing to report. */
function finishWith(problem: string | undefined, stdout: Streams['stdout']): ExitCode {
  if (problem === undefined) return 0;
  stdout.write(`${problem}\n`);
  return 1;
}

function renderRolloutResult(result: WebhookRolloutResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'client-certificate-missing':
      return renderNext(
        'nothing was applied: the gate would require a client certificate that the control-plane nodes do not have yet; at stage deny every pod would be refused. Do one of these:',
        'run it with --out alone, and copy the files to the nodes first',
        'apply it with --stage warn first',
        'continue with --yes',
      );
    case 'workloads-refused':
      return renderNext(
        'nothing was applied: running workloads continue to run, but would not start again. Do one of these:',
        'correct the workloads or the policy',
        'roll out with --stage warn first',
        'continue with --yes',
      );
    case 'gate-not-ready':
      return `not wired: no pod of Deployment ${result.namespace}/kube-image-bouncer became ready within ${result.timeoutMs / 60_000} minutes; look at \`kubectl -n ${result.namespace} describe pods\`, then run this again`;
    case 'trial-failed': {
      const { verdict, timeoutMs } = result.canary;
      return renderNext(
        `not wired: at stage warn a pod with a forbidden image is ${verdict.outcome}, not warned about, after ${timeoutMs / 1000} s${causeOf(verdict)}. Check these:`,
        'the address of the gate, as the control plane reaches it',
        'the CA of its certificate',
        "with --client-ca, the API server's own kubeconfig",
        '--no-wait wires it without this test',
      );
    }
    case 'not-proved':
      return '`kube-image-bouncer doctor` finds the reason';
  }
}

function renderRemovalResult(result: WebhookRemovalResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'still-called':
      return `the gate stays: the API server still calls a gate (the canary is ${result.verdict.outcome}), because of another wiring or an API server that has not read the change`;
    case 'has-callers':
      return `${result.callers.map(describeObject).join(', ')} still calls the gate, which stays: delete it first, or direct it elsewhere`;
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
      `the policy names ${unread.join(', ')}, and the gate does not know where their images are: it reviews their pods instead, until the policy lists them in its customResources`,
    );
  }
  if (gate !== undefined) {
    const reference = parseImageReference(gate.image);
    if (reference.kind === 'image' && reference.digest === undefined)
      notes.push(
        `--image ${gate.image} is not pinned: add its digest, because the gate's own image is not judged`,
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
    throw conflict('--ca-key is missing: with --service the CA has to sign the certificate of the gate');
  if (certManager !== undefined && caCert !== undefined)
    throw conflict('--cert-manager and --ca-cert both say who signs: give one of them');
  if (certManager !== undefined && clientCa === true)
    throw conflict('--client-ca needs a file with --cert-manager: the gate has no CA of its own');
  if (clientCa !== undefined && out === undefined)
    throw conflict('--client-ca makes files for the control-plane nodes: say with --out where to put them');
  if (yes === true && apply !== true) throw conflict('--yes is for --apply');
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
  // The gate takes a list, and an empty list would accept every client.
  if (commonName === '' || commonName.includes(','))
    throw invalid(`--client-name: ${JSON.stringify(clientName)} is not one name`);
  if (clientCa === true) return { commonName, authority: undefined };
  return { commonName, authority: await readCertificates('--client-ca', clientCa) };
}
