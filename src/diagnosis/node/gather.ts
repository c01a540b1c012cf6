import { dirname, isAbsolute, join } from 'node:path';
import {
  type AdmissionConfiguration,
  parseAdmissionConfiguration,
} from '../../control-plane/admission-configuration.ts';
import { type ApiServerManifest, parseApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import { type KubernetesVersion, parseKubernetesVersion } from '../../kubernetes/version.ts';
import type { FetchChain } from '../certificate/served.ts';
import type { Policy } from '../../policy/policy.ts';
import { holdPolicy, type PolicyMaterial } from '../policy.ts';
import { gatherKubeconfig } from './gather-kubeconfig.ts';
import { gatherWebhookUsers } from './gather-webhook-users.ts';
import { readWebhookPlugin } from './webhook-plugin.ts';
import { gatherStatic } from './gather-static.ts';
import { ServerPaths } from './server-paths.ts';
import type { KubeconfigMaterial, NodeFiles, NodeMaterial, Opened } from './material.ts';
import { NodeReader } from './reader.ts';

/** Which files to look at. */
export interface NodeQuestion {
  readonly files: NodeFiles;
  readonly manifestFile: string;
  readonly folder: string;
  /** @default that of the manifest's image */
  readonly version: KubernetesVersion | undefined;
  /** The policy that is meant to be in force. */
  readonly policy: Policy | undefined;
  readonly isOnNode: boolean;
  readonly now: () => Date;
  readonly fetchChain: FetchChain;
}

/** Follows the manifest of kube-apiserver through every file that it leads to. Nothing is written. */
export async function gatherNode(question: NodeQuestion): Promise<NodeMaterial> {
  const { manifestFile, folder, fetchChain, isOnNode } = question;
  const reader = new NodeReader(question);
  const seen = { version: question.version };
  const manifest = await reader.open(manifestFile, (text, file) => {
    seen.version ??= versionOf(text, file);
    return parseApiServerManifest(text, file);
  });
  const paths = new ServerPaths(manifest);
  const admission = await gatherAdmission(reader, manifest, paths);
  const imagePolicy = await gatherImagePolicy(reader, admission, paths);
  const kubeconfig = await gatherWay(reader, imagePolicy, paths, fetchChain);
  const plugin = await readWebhookPlugin(reader, admission);
  const webhookUsers = await gatherWebhookUsers(reader, plugin, paths);
  const staticFolder = await gatherStatic(reader, plugin?.staticManifestsDir, paths, fetchChain);
  return {
    now: question.now(),
    version: seen.version,
    manifestFile,
    manifest,
    besides: (await reader.list(dirname(manifestFile))) ?? [],
    folder,
    inFolder: (await reader.list(folder)) ?? [],
    admission,
    imagePolicy,
    kubeconfig,
    webhookUsers,
    staticFolder,
    policy: { meant: question.policy, held: await gatherPolicy(reader, folder) },
    serving: await gatherServing(reader, folder),
    keys: await gatherKeys(reader, folder, kubeconfig),
    unmounted: [...paths.unmounted],
    unread: reader.unread,
    isOnNode,
  };
}

function versionOf(text: string, file: string): KubernetesVersion | undefined {
  const image = valueAt(parseDocuments(text, file)[0]?.value, ['spec', 'containers', 0, 'image']);
  const [, tag = ''] = (typeof image === 'string' && /:([^:/@]+)(?:@|$)/.exec(image)) || [];
  return parseKubernetesVersion(tag);
}

async function gatherServing(reader: NodeReader, folder: string): Promise<NodeMaterial['serving']> {
  const certificateFile = join(folder, GATE_FILES.certificate);
  const certificate = await reader.find(certificateFile);
  if (certificate === undefined) return undefined;
  const key = await reader.find(join(folder, GATE_FILES.key));
  return {
    certificateFile,
    certificate: certificate.content.toString(),
    key: key?.content.toString(),
  };
}

async function gatherKeys(
  reader: NodeReader,
  folder: string,
  kubeconfig: KubeconfigMaterial | undefined,
): Promise<NodeMaterial['keys']> {
  const { key, authorityKey, clientAuthorityKey, clientKey } = GATE_FILES;
  const own = [key, authorityKey, clientAuthorityKey, clientKey].map((name) => join(folder, name));
  const paths = new Set([
    ...own,
    ...(kubeconfig?.clientKey === undefined ? [] : [kubeconfig.clientKey.place]),
  ]);
  const found = await Promise.all(
    [...paths].map(async (path) => ({ path, mode: (await reader.find(path))?.mode })),
  );
  return found.flatMap(({ path, mode }) => (mode === undefined ? [] : [{ path, mode }]));
}

/** Where `bootstrap` puts it; a gate that somebody else runs has it elsewhere. */
async function gatherPolicy(reader: NodeReader, folder: string): Promise<PolicyMaterial['held']> {
  const file = join(folder, GATE_FILES.policy);
  const found = await reader.find(file);
  return found === undefined ? 'none' : holdPolicy(found.content.toString(), file);
}

async function gatherAdmission(
  reader: NodeReader,
  manifest: Opened<ApiServerManifest>,
  paths: ServerPaths,
): Promise<Opened<AdmissionConfiguration> | undefined> {
  const file = manifest.state === 'read' ? manifest.value.admissionConfigFile : undefined;
  return file === undefined ? undefined : reader.open(paths.of(file), parseAdmissionConfiguration);
}

/** The settings stand in the configuration, or in a file that is named relative to it. */
async function gatherImagePolicy(
  reader: NodeReader,
  admission: Opened<AdmissionConfiguration> | undefined,
  paths: ServerPaths,
): Promise<NodeMaterial['imagePolicy']> {
  if (admission?.state !== 'read') return undefined;
  const { imagePolicy, imagePolicyFile } = admission.value;
  if (imagePolicy !== undefined) return { file: admission.file, settings: imagePolicy };
  if (imagePolicyFile === undefined) return undefined;
  const path = isAbsolute(imagePolicyFile)
    ? paths.of(imagePolicyFile)
    : join(dirname(admission.file), imagePolicyFile);
  const opened = await reader.open(path, parseAdmissionConfiguration);
  const settings = opened.state === 'read' ? opened.value.imagePolicy : undefined;
  return settings === undefined ? undefined : { file: path, settings };
}

async function gatherWay(
  reader: NodeReader,
  imagePolicy: NodeMaterial['imagePolicy'],
  paths: ServerPaths,
  fetchChain: FetchChain,
): Promise<KubeconfigMaterial | undefined> {
  const written = imagePolicy?.settings.kubeConfigFile?.value;
  if (imagePolicy === undefined || typeof written !== 'string' || written === '') return undefined;
  // Where a relative path leads depends on the process; beside the configuration is where people mean it.
  const path = isAbsolute(written) ? paths.of(written) : join(dirname(imagePolicy.file), written);
  return gatherKubeconfig(reader, { written, path }, paths, fetchChain);
}
