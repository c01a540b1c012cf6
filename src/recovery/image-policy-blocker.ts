import { basename } from 'node:path';
import { IMAGE_POLICY_PLUGIN, parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import { unwireApiServer } from '../control-plane/api-server-wiring.ts';
import { behindUserInfo, hideUserInfo } from '../control-plane/credentials.ts';
import type { WrittenImagePolicy } from '../control-plane/image-policy-settings.ts';
import { editDocument, type Edit } from '../document/edit.ts';
import { type Path, valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { followApiServer, type NodeFileReader, type Opened } from '../wiring/api-server-files.ts';
import { imagePolicyPath, pathAtStage, stageOfPath } from '../wiring/paths.ts';
import type { Blocker, Step } from './blocker.ts';
import { RecoveryError } from './errors.ts';
import { findNodeFile, readNodeFile, writing, type NodeFile } from './node-files.ts';
import { isLocked, type ProbeResult } from './probes.ts';
import { withPath } from './webhook-entry.ts';

/** An annotation of the static pod of the API server. The kubelet restarts the pod when it changes. */
const RESTART_ANNOTATION = ['metadata', 'annotations', 'kube-image-bouncer.io/recovered-at'] as const;

interface ImagePolicyFiles {
  /** The static pod manifest of kube-apiserver. */
  readonly manifest: string;
  readonly isRoot: boolean;
  /** The start of this recovery; the value of the annotation. */
  readonly recoveredAt: string;
  /** How long the kubelet and the API server may take, in milliseconds. */
  readonly waitMs: number;
}

/** The present wiring, read from its files. */
interface Wiring {
  readonly manifest: NodeFile;
  /** The file with the settings of the plugin: the `AdmissionConfiguration`, or the file that its `path` names. */
  readonly settings: NodeFile;
  readonly imagePolicy: WrittenImagePolicy;
  readonly kubeconfig: NodeFile | undefined;
  readonly server: string | undefined;
}

/**
 * The plugin `ImagePolicyWebhook` as a blocker. The plugin has no selector, so no step can exclude single namespaces.
 * It reads its files only at the start, so each step restarts the API server.
 *
 * @throws {RecoveryError} BLOCKER_NOT_FOUND if the manifest does not enable it.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID, ADMISSION_CONFIGURATION_INVALID, NODE_FILE_UNREADABLE
 */
export async function imagePolicyBlocker(files: ImagePolicyFiles): Promise<Blocker> {
  if ((await readImagePolicyWiring(files.manifest)) === undefined) {
    throw new RecoveryError(
      'BLOCKER_NOT_FOUND',
      `${files.manifest}: the API server does not enable ${IMAGE_POLICY_PLUGIN}, so the plugin refuses nothing`,
    );
  }
  return {
    name: `the admission plugin ${IMAGE_POLICY_PLUGIN} of ${files.manifest}`,
    settleMs: files.waitMs,
    isWatchedElsewhere: true,
    blames: ({ plugin }) => plugin === 'image-policy',
    describe: async () => {
      const wiring = await readImagePolicyWiring(files.manifest);
      return (
        wiring &&
        `defaultAllow ${isOpen(wiring)}, calls ${wiring.server === undefined ? 'an address that cannot be read' : hideUserInfo(wiring.server)}`
      );
    },
    steps: async (results) => {
      const wiring = await readImagePolicyWiring(files.manifest);
      return wiring === undefined ? [] : stepsOf(wiring, results, files);
    },
  };
}

function isOpen({ imagePolicy }: Wiring): boolean {
  return imagePolicy.defaultAllow?.value === true;
}

async function readImagePolicyWiring(path: string): Promise<Wiring | undefined> {
  const files = new NodeFilesRead();
  const text = (await readNodeFile(path)).text;
  if (!parseApiServerManifest(text, path).enabledPlugins.includes(IMAGE_POLICY_PLUGIN)) return undefined;
  const { manifest, imagePolicy, kubeconfig } = await followApiServer(files, path);
  if (imagePolicy === undefined) return undefined;
  const server = kubeconfig?.opened.state === 'read' ? kubeconfig.opened.value.server?.value : undefined;
  return {
    manifest: files.at(manifest.file),
    settings: files.at(imagePolicy.file),
    imagePolicy: imagePolicy.settings,
    kubeconfig: kubeconfig && files.at(kubeconfig.opened.file),
    server,
  };
}

/** Reads files, and remembers each file that was read. A missing or unreadable file is an error. */
class NodeFilesRead implements NodeFileReader {
  readonly #files = new Map<string, NodeFile>();

  async open<Value>(path: string, parse: (text: string, file: string) => Value): Promise<Opened<Value>> {
    const file = await readNodeFile(path);
    this.#files.set(path, file);
    return { state: 'read', file: path, value: parse(file.text, file.path) };
  }

  async exists(path: string): Promise<boolean> {
    return (await findNodeFile(path)) !== undefined;
  }

  /** The file that was opened at a path. */
  at(path: string): NodeFile {
    const file = this.#files.get(path);
    if (file === undefined) throw new TypeError(`${path} was not opened`);
    return file;
  }
}

function stepsOf(wiring: Wiring, results: readonly ProbeResult[], files: ImagePolicyFiles): readonly Step[] {
  const outcomes = new Set(results.filter(isLocked).map(({ refusal }) => refusal?.outcome));
  return [
    ...(outcomes.has('unreachable') && !isOpen(wiring) ? [ignore(wiring, files)] : []),
    ...(outcomes.has('refused') ? warn(wiring, files) : []),
    remove(wiring, files),
  ];
}

function ignore({ manifest, settings, imagePolicy }: Wiring, files: ImagePolicyFiles): Step {
  const written = imagePolicy.defaultAllow?.path;
  const path: Path = written ?? [
    ...(imagePolicy.kubeConfigFile?.path.slice(0, -1) ?? ['imagePolicy']),
    'defaultAllow',
  ];
  const text = editDocument(settings.text, settings.path, [{ kind: 'set', path, value: true }]);
  return {
    kind: 'ignore',
    does: 'admits pods while the gate does not answer (defaultAllow true); the kubelet restarts the API server, which reads the change; if the gate answers, its denials still count',
    frees: () => true,
    byHand: [
      written === undefined
        ? `vi ${settings.path}   # ${path.join('.')}: true`
        : `sed -i 's/\\(defaultAllow"*: *\\)false/\\1true/' ${settings.path}`,
      ...restartByHand(manifest),
    ],
    ...writing([{ file: settings, text }, restart(manifest, files)], files.isRoot),
  };
}

function warn({ manifest, kubeconfig, server }: Wiring, files: ImagePolicyFiles): readonly Step[] {
  const url = server === undefined ? null : URL.parse(server);
  if (kubeconfig === undefined || server === undefined || url === null) return [];
  if (stageOfPath('ImageReview', url.pathname) !== 'deny') return [];
  const path = pathAtStage('ImageReview', url.pathname, 'warn') ?? imagePolicyPath('warn');
  const after = withPath(server, path);
  const text = editDocument(kubeconfig.text, kubeconfig.path, serverEdits(kubeconfig, server, after));
  return [
    {
      kind: 'warn',
      does: `makes the gate warn and no longer refuse (path ${path}); the kubelet restarts the API server, which reads the change`,
      frees: () => true,
      byHand: [
        `sed -i 's#${behindUserInfo(server)}#${behindUserInfo(after)}#' ${kubeconfig.path}`,
        ...restartByHand(manifest),
      ],
      ...writing([{ file: kubeconfig, text }, restart(manifest, files)], files.isRoot),
    },
  ];
}

function serverEdits({ text, path }: NodeFile, server: string, after: string): readonly Edit[] {
  const clusters = valueAt(parseDocuments(text, path)[0]?.value, ['clusters']);
  return (Array.isArray(clusters) ? clusters : []).flatMap((cluster, index): Edit[] =>
    valueAt(cluster, ['cluster', 'server']) === server
      ? [{ kind: 'set', path: ['clusters', index, 'cluster', 'server'], value: after }]
      : [],
  );
}

function remove({ manifest }: Wiring, files: ImagePolicyFiles): Step {
  const { path, text } = manifest;
  return {
    kind: 'remove',
    does: 'removes the plugin from the flags of the API server, which the kubelet restarts; images of pods are no longer checked',
    frees: () => true,
    byHand: [`sed -i 's/,${IMAGE_POLICY_PLUGIN}//; s/${IMAGE_POLICY_PLUGIN},//' ${path}`],
    ...writing(
      [{ file: manifest, text: unwireApiServer(text, path, { keepConfiguration: true }) }],
      files.isRoot,
    ),
  };
}

function restart(manifest: NodeFile, { recoveredAt }: ImagePolicyFiles): { file: NodeFile; text: string } {
  const edit: Edit = { kind: 'set', path: RESTART_ANNOTATION, value: recoveredAt };
  return { file: manifest, text: editDocument(manifest.text, manifest.path, [edit]) };
}

/** The kubelet stops the pod when the file leaves the folder, and starts it when the file returns. */
function restartByHand({ path }: NodeFile): readonly string[] {
  return [`mv ${path} /root/ && sleep 20 && mv /root/${basename(path)} ${path}`];
}
