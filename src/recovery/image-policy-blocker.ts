import { basename } from 'node:path';
import { IMAGE_POLICY_PLUGIN, parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import { unwireApiServer } from '../control-plane/api-server-wiring.ts';
import type { WrittenImagePolicy } from '../control-plane/image-policy-settings.ts';
import { editDocument, type Edit } from '../document/edit.ts';
import { type Path, valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { followApiServer, type NodeFileReader, type Opened } from '../wiring/api-server-files.ts';
import { imagePolicyPath, pathAtStage, stageOfPath } from '../wiring/paths.ts';
import type { Blocker, Step } from './blocker.ts';
import { RecoveryError } from './errors.ts';
import { findNodeFile, readNodeFile, writing, type NodeFile } from './node-files.ts';
import { isLocked, type Finding } from './probes.ts';
import { withPath } from './webhook-entry.ts';

/** On the static pod of the API server: any change of it makes the kubelet start it anew. */
const RESTART_ANNOTATION = ['metadata', 'annotations', 'kube-image-bouncer.io/recovered-at'] as const;

interface ImagePolicyFiles {
  /** The static pod manifest of kube-apiserver. */
  readonly manifest: string;
  readonly isRoot: boolean;
  /** When this recovery began: what the manifest says when it has to be read again. */
  readonly recoveredAt: string;
  /** How long the kubelet and the API server may take. */
  readonly waitMs: number;
}

/** The wiring as its files have it now. */
interface Wiring {
  readonly manifest: NodeFile;
  /** Holds the settings of the plugin: the `AdmissionConfiguration`, or the file that it names. */
  readonly settings: NodeFile;
  readonly imagePolicy: WrittenImagePolicy;
  readonly kubeconfig: NodeFile | undefined;
  readonly server: string | undefined;
}

/**
 * The plugin `ImagePolicyWebhook`, which is wired by files. It knows no namespaces, so that nothing can be narrowed;
 * it reads its files once, so that every step starts the API server anew.
 *
 * @throws {RecoveryError} BLOCKER_NOT_FOUND when the manifest does not wire it.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID, ADMISSION_CONFIGURATION_INVALID, NODE_FILE_UNREADABLE
 */
export async function imagePolicyBlocker(files: ImagePolicyFiles): Promise<Blocker> {
  if ((await readWiring(files.manifest)) === undefined) {
    throw new RecoveryError(
      'BLOCKER_NOT_FOUND',
      `${files.manifest}: ${IMAGE_POLICY_PLUGIN} is not among its plugins, so it locks nothing`,
    );
  }
  return {
    name: `the admission plugin ${IMAGE_POLICY_PLUGIN} of ${files.manifest}`,
    settleMs: files.waitMs,
    isWatchedElsewhere: true,
    blames: ({ plugin }) => plugin === 'image-policy',
    describe: async () => {
      const wiring = await readWiring(files.manifest);
      return (
        wiring && `defaultAllow ${isOpen(wiring)}, asks ${wiring.server ?? 'an address that cannot be read'}`
      );
    },
    steps: async (findings) => {
      const wiring = await readWiring(files.manifest);
      return wiring === undefined ? [] : stepsOf(wiring, findings, files);
    },
  };
}

function isOpen({ imagePolicy }: Wiring): boolean {
  return imagePolicy.defaultAllow?.value === true;
}

async function readWiring(path: string): Promise<Wiring | undefined> {
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

/** Reads files as a recovery needs them: each one that is named must exist and be readable. Keeps the texts. */
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

function stepsOf(wiring: Wiring, findings: readonly Finding[], files: ImagePolicyFiles): readonly Step[] {
  const outcomes = new Set(findings.filter(isLocked).map(({ refusal }) => refusal?.outcome));
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
    does: 'lets pods in while the gate does not answer (defaultAllow true), and has the kubelet start the API server anew to read it; what a gate that answers refuses stays refused',
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
      does: `lets the gate warn and no longer refuse (path ${path}), and has the kubelet start the API server anew to read it`,
      frees: () => true,
      byHand: [`sed -i 's#${server}#${after}#' ${kubeconfig.path}`, ...restartByHand(manifest)],
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
    does: 'takes the plugin out of the flags of the API server, which the kubelet then starts anew: pods are no longer looked at',
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

/** Out of the folder the pod ends, back in it starts. */
function restartByHand({ path }: NodeFile): readonly string[] {
  return [`mv ${path} /root/ && sleep 20 && mv /root/${basename(path)} ${path}`];
}
