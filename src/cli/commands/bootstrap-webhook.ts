import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseImageReference } from '../../image/reference.ts';
import { renderYaml, renderYamlStream } from '../../document/render.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import { parsePolicy } from '../../policy/load.ts';
import type { Policy } from '../../policy/policy.ts';
import {
  nodeFilesIn,
  renderAdmissionConfiguration,
  renderWebhookKubeconfig,
  renderWebhookPlugin,
} from '../../webhook/api-server-client.ts';
import { renderWebhookConfiguration } from '../../webhook/configuration.ts';
import { injectionOf, renderGateObjects } from '../../webhook/gate-objects.ts';
import { unreadableResources } from '../../webhook/rules.ts';
import { languageNotes } from '../bootstrap-language.ts';
import { SettingsError } from '../settings-error.ts';
import { stateFolder } from '../settings.ts';
import type { Environment, ExitCode, Streams } from '../streams.ts';
import { prepareCertificates, writePrivately, type WebhookCertificates } from '../webhook-certificates.ts';
import { chooseGate, choosePolicyText, versionOf, type SettledWebhook } from '../webhook-defaults.ts';
import { rollBack, rollOut, type RolloutSurroundings } from '../webhook-rollout.ts';
import {
  decodeNamespace,
  decodeWebhookSettings,
  type WebhookOptions,
  type WebhookSettings,
} from '../webhook-settings.ts';

/** Prints, writes, applies or deletes everything that an admission webhook needs. */
export async function bootstrapWebhook(
  options: WebhookOptions,
  environment: Environment,
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const tell = (note: string): void => void stderr.write(`note: ${note}\n`);
  if (options.delete === true) return deleteWiring(options, stdout);
  const asked = await decodeWebhookSettings(options);
  const cluster = await findCluster(options);
  const version = asked.version ?? (await versionOf(cluster));
  const settings = { ...asked, version, ...(await chooseGate(asked, cluster)) };
  const chosen = await choosePolicyText(options, settings.address, cluster);
  const policy = await parsePolicy(chosen.text, chosen.file);
  const certificates = await prepareCertificates(settings, {
    cluster,
    out: options.out,
    stateFolder: stateFolder({}, environment),
    now: () => new Date(),
  });
  const gate = renderGate(settings, certificates, chosen.text);
  const configuration = renderWiring(settings, certificates, policy);
  for (const note of notesOf(settings, policy)) tell(note);
  if (options.out !== undefined)
    await writePrivately(options.out, filesOf(settings, certificates, [...gate, configuration]));
  if (options.apply === true && cluster !== undefined) {
    const { yes = false, wait } = options;
    const trial = renderWiring({ ...settings, stage: 'warn' }, certificates, policy);
    return rollOut(
      { settings, policy, gate, configuration, trial, yes, wait },
      surroundingsOf(cluster, stdout),
    );
  }
  if (options.out === undefined) {
    if (certificates.gate?.source === 'own') tell('the Secrets of this stream hold private keys');
    stdout.write(renderYamlStream([...gate, configuration]));
  } else stdout.write(`written to ${options.out}\n`);
  return 0;
}

async function deleteWiring(options: WebhookOptions, stdout: Streams['stdout']): Promise<ExitCode> {
  if (options.apply === true)
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--apply and --delete contradict each other: give one of them',
    );
  const namespace = decodeNamespace('--namespace', options.namespace);
  const cluster = await openCluster(options);
  return rollBack(namespace, surroundingsOf(cluster, stdout));
}

/** A cluster is asked when something is to be applied, or when it is named: else the output must not depend on it. */
async function findCluster(options: WebhookOptions): Promise<KubernetesClient | undefined> {
  const { apply, kubeconfig, context } = options;
  return apply === true || kubeconfig !== undefined || context !== undefined
    ? openCluster(options)
    : undefined;
}

async function openCluster({ kubeconfig, context }: WebhookOptions): Promise<KubernetesClient> {
  // With it comes a library that takes 0.3 s to load, which who prints does not need.
  const { openCluster: open } = await import('../../kubernetes/config.ts');
  return open({ kubeconfig, context });
}

function surroundingsOf(cluster: KubernetesClient, stdout: Streams['stdout']): RolloutSurroundings {
  return { cluster, stdout, sleep: async (ms) => delay(ms) };
}

function renderGate(
  settings: SettledWebhook,
  certificates: WebhookCertificates,
  policyText: string,
): readonly KubernetesObject[] {
  const { address, image, replicas, client, language, version } = settings;
  if (address.form === 'url' || certificates.gate === undefined) return [];
  const { namespace } = address;
  return renderGateObjects({
    namespace,
    image,
    replicas,
    client,
    language,
    certificates: certificates.gate,
    policyText,
    version,
  });
}

function renderWiring(
  settings: SettledWebhook,
  { gate, trust }: WebhookCertificates,
  policy: Policy,
): KubernetesObject {
  const { address } = settings;
  const annotations =
    gate === undefined || address.form === 'url' ? undefined : injectionOf(gate, address.namespace);
  return renderWebhookConfiguration({
    ...settings,
    policy,
    trust,
    ...(annotations !== undefined && { annotations }),
  });
}

function filesOf(
  { address, client, nodeFolder }: WebhookSettings,
  certificates: WebhookCertificates,
  objects: readonly KubernetesObject[],
): ReadonlyMap<string, string> {
  const files = new Map([...certificates.files, ['kube-image-bouncer.yaml', renderYamlStream(objects)]]);
  if (client === undefined) return files;
  const node = nodeFilesIn(nodeFolder);
  const plugin = renderWebhookPlugin({ kubeConfigFile: node.kubeconfig });
  return files
    .set('webhook-kubeconfig.yaml', renderYaml(renderWebhookKubeconfig(address, node)))
    .set('admission-configuration.yaml', renderYaml(renderAdmissionConfiguration(plugin)));
}

function notesOf(
  { address, image, client, language, nodeFolder }: SettledWebhook,
  policy: Policy,
): readonly string[] {
  const notes = [...languageNotes(language)];
  if (address.form === 'url' && language !== undefined)
    notes.push(`--language is for --service: start the gate at ${address.origin} with it`);
  const unread = unreadableResources(policy);
  if (unread.length > 0) {
    notes.push(
      `the policy names ${unread.join(', ')}, which the gate cannot read: it is not asked about them, but about their pods, until the policy says in its customResources where their images stand`,
    );
  }
  if (address.form === 'service') {
    const reference = parseImageReference(image);
    if (reference.kind === 'image' && reference.digest === undefined)
      notes.push(`--image ${image} is not pinned: add its digest, for nothing judges the gate's own image`);
  }
  if (client !== undefined) {
    notes.push(
      `on every control-plane node, copy webhook-kubeconfig.yaml, admission-configuration.yaml and pki/apiserver-client.* to ${nodeFolder} and give kube-apiserver --admission-control-config-file=${join(nodeFolder, 'admission-configuration.yaml')}; until then the gate turns it away`,
    );
  }
  return notes;
}
