import { dirname, join } from 'node:path';
import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  isApiServerPod,
} from '../../control-plane/api-server-manifest.ts';
import { type Distribution, recogniseDistribution } from '../../control-plane/distribution.ts';
import { GATE_FILES, GATE_POD, GATE_UNIT } from '../../control-plane/gate-command.ts';
import { othersOf } from '../../control-plane/second-server.ts';
import { type KubernetesVersion, parseKubernetesVersion } from '../../kubernetes/version.ts';
import { followApiServer } from '../../wiring/api-server-files.ts';
import { NODE_FOLDER } from '../../wiring/names.ts';
import { readWebhookPlugin } from '../../wiring/webhook-plugin-file.ts';
import type { FetchChain } from '../certificate/served.ts';
import type { OfferPair } from '../certificate/use.ts';
import type { Policy } from '../../policy/policy.ts';
import { holdPolicy, type PolicyMaterial } from '../policy.ts';
import { gatherKubeconfig } from './gather-kubeconfig.ts';
import { gatherWebhookUsers } from './gather-webhook-users.ts';
import { gatherStatic } from './gather-static.ts';
import type { KubeconfigMaterial, NodeFiles, NodeMaterial } from './material.ts';
import { NodeReader } from './reader.ts';

/** The files to read. */
export interface NodeQuestion {
  readonly files: NodeFiles;
  readonly manifestFile: string;
  readonly folder: string;
  /** The version of Kubernetes. @default the version in the image of the manifest */
  readonly version: KubernetesVersion | undefined;
  /** The policy of `--policy`. */
  readonly policy: Policy | undefined;
  readonly isOnNode: boolean;
  readonly now: () => Date;
  readonly fetchChain: FetchChain;
  readonly offerPair: OfferPair;
}

/** Reads the manifest of kube-apiserver, the files that it names, and the files that these name. Writes nothing. */
export async function gatherNode(question: NodeQuestion): Promise<NodeMaterial> {
  const { folder, fetchChain, isOnNode } = question;
  const reader = new NodeReader(question);
  const { distribution, manifestFile } = await findServer(reader, question);
  const files = await followApiServer(reader, manifestFile);
  const { manifest, paths, admission, admissionNamedAt, pluginFile, imagePolicy } = files;
  const kubeconfig = files.kubeconfig && (await gatherKubeconfig(reader, files.kubeconfig, paths, question));
  const webhookPlugin = await readWebhookPlugin(reader, files);
  const plugin = webhookPlugin?.opened.state === 'read' ? webhookPlugin.opened.value : undefined;
  const webhookUsers = await gatherWebhookUsers(reader, plugin, paths);
  const staticFolder = await gatherStatic(reader, plugin?.staticManifestsDir, paths, fetchChain);
  const besides = (await reader.list(dirname(manifestFile))) ?? [];
  return {
    now: question.now(),
    version: question.version ?? (manifest.state === 'read' ? versionOf(manifest.value) : undefined),
    manifestFile,
    manifest,
    distribution,
    besides,
    secondServers: await gatherSecondServers(reader, manifestFile, besides),
    folder,
    inFolder: (await reader.list(folder)) ?? [],
    admission: admission && { namedAt: admissionNamedAt ?? manifestFile, opened: admission },
    pluginFile,
    webhookPlugin,
    imagePolicy,
    kubeconfig,
    webhookUsers,
    staticFolder,
    policy: { meant: question.policy, held: await gatherPolicy(reader, folder) },
    serving: await gatherServing(reader, folder),
    clientAuthority: await gatherClientAuthority(reader, folder, kubeconfig),
    runners: await gatherRunners(reader, question),
    keys: await gatherKeys(reader, folder, kubeconfig),
    unmounted: [...paths.unmounted].map(([path, namedAt]) => ({ path, namedAt })),
    unread: reader.unread,
    isOnNode,
  };
}

/** The tool that owns the API server, and the file with its flags: without a manifest, the file of that tool. */
async function findServer(
  reader: NodeReader,
  { manifestFile, isOnNode }: NodeQuestion,
): Promise<{ readonly distribution: Distribution | undefined; readonly manifestFile: string }> {
  const opened = await reader.open(manifestFile, (text) => text);
  const distribution = await recogniseDistribution({
    manifestFile,
    text: opened.state === 'read' ? opened.value : undefined,
    hasFolder: async (path) => isOnNode && (await reader.list(path)) !== undefined,
  });
  const other = opened.state === 'missing' ? distribution?.flagFile : undefined;
  const isThere = other !== undefined && (await reader.exists(other));
  return { distribution, manifestFile: isThere ? other : manifestFile };
}

/** The files beside the manifest that run kube-apiserver too. */
async function gatherSecondServers(
  reader: NodeReader,
  manifestFile: string,
  besides: readonly string[],
): Promise<NodeMaterial['secondServers']> {
  const found = await Promise.all(
    othersOf(manifestFile, besides).map(async (name) => {
      const opened = await reader.open(join(dirname(manifestFile), name), (text) => ({
        isServer: isApiServerPod(text, name),
        enablesPlugin: text.includes(IMAGE_POLICY_PLUGIN),
      }));
      if (opened.state !== 'read' || !opened.value.isServer) return [];
      return [{ name, enablesPlugin: opened.value.enablesPlugin }];
    }),
  );
  return found.flat();
}

function versionOf({ image }: ApiServerManifest): KubernetesVersion | undefined {
  const [, tag = ''] = (image !== undefined && /:([^:/@]+)(?:@|$)/.exec(image)) || [];
  return parseKubernetesVersion(tag);
}

async function gatherRunners(
  reader: NodeReader,
  { manifestFile, isOnNode }: NodeQuestion,
): Promise<NodeMaterial['runners']> {
  const runners: { file: string; text: string }[] = [];
  // The unit is not among the copies of files of another machine.
  for (const file of [join(dirname(manifestFile), GATE_POD), ...(isOnNode ? [GATE_UNIT] : [])]) {
    const found = await reader.find(file);
    if (found !== undefined) runners.push({ file, text: found.content.toString() });
  }
  return runners;
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

/** The CA of clients of the gate that `bootstrap` installed, if the API server calls that gate. */
async function gatherClientAuthority(
  reader: NodeReader,
  folder: string,
  kubeconfig: KubeconfigMaterial | undefined,
): Promise<NodeMaterial['clientAuthority']> {
  const shared = join(folder, GATE_FILES.authority);
  const trusted = kubeconfig?.authority?.place;
  if (trusted === undefined || (trusted !== shared && trusted !== join(NODE_FOLDER, GATE_FILES.authority)))
    return undefined;
  for (const place of [join(folder, GATE_FILES.clientAuthority), shared]) {
    const found = await reader.find(place);
    if (found !== undefined) return { place, text: found.content.toString() };
  }
  return undefined;
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

/** The policy in the file that `bootstrap` writes. Other installations have it in another place. */
async function gatherPolicy(reader: NodeReader, folder: string): Promise<PolicyMaterial['held']> {
  const file = join(folder, GATE_FILES.policy);
  const found = await reader.find(file);
  return found === undefined ? 'none' : holdPolicy(found.content.toString(), file);
}
