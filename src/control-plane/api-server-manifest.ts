import { type Path, valueAt } from '../document/json.ts';
import { DocumentError, type TextDocument } from '../document/yaml.ts';
import { type Flag, itemsOf, parseFlags } from './api-server-flags.ts';
import { ControlPlaneError } from './errors.ts';
import { flagsOf, parseFlagFile } from './flag-file.ts';
import { kindOf } from './go-type.ts';
import { openAsApiServer } from './server-document.ts';

/** The name of the plugin in flags and in an `AdmissionConfiguration`. */
export const IMAGE_POLICY_PLUGIN = 'ImagePolicyWebhook';

/** A folder or file of the node that is mounted into the API server. */
interface Mount {
  readonly name: string;
  readonly mountPath: string;
  /** `undefined` if the volume is not a hostPath volume, or if the mount has a subPath. */
  readonly hostPath: string | undefined;
  readonly readOnly: boolean;
  readonly path: Path;
}

/** The parts of the static pod of kube-apiserver that matter for admission. */
export interface ApiServerManifest {
  readonly file: string;
  readonly flags: readonly Flag[];
  /** All items of `command` and `args`. */
  readonly words: readonly { readonly text: string; readonly path: Path }[];
  /** The list to which new flags are added. */
  readonly flagList: Path;
  readonly mounts: readonly Mount[];
  /** The path of the container. */
  readonly container: Path;
  /** The image of the container. */
  readonly image: string | undefined;
  /**
   * The `workingDir` of the container; `undefined` if the manifest sets none, so the working folder of the image
   * applies.
   */
  readonly workingFolder: string | undefined;
  /** Enabled plugins, without those that are enabled by default. */
  readonly enabledPlugins: readonly string[];
  readonly disabledPlugins: readonly string[];
  /** The value of `--admission-control-config-file`: a path in the container. */
  readonly admissionConfigFile: string | undefined;
  /** The last flag of a name, which is the effective one. */
  readonly flag: (name: string) => Flag | undefined;
  /** The path on the node for a path in the container; `undefined` if no volume contains it. */
  readonly hostPathOf: (path: string) => string | undefined;
  /** `file:line:column` of a part. */
  readonly positionOf: (path: Path) => string;
}

/**
 * Reads the manifest of kube-apiserver, from kubeadm or of the same structure, as the kubelet does: the first document
 * of the file. The flag files of k3s and MicroK8s are read too; they have no pod and cannot be wired.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID if the document is not a pod that runs kube-apiserver, or
 * if the flags are not in the manifest
 */
export function parseApiServerManifest(text: string, file: string): ApiServerManifest {
  const flagFile = parseFlagFile(text, file);
  if (flagFile !== undefined) return readFlagFile(flagFile, file);
  const document = openAsApiServer(text, file, { equalKeys: 'last' });
  if (document === undefined) throw invalid(`${file}:1:1`, 'it is empty');
  const { value } = document;
  const place = placeIn(document, file);
  if (valueAt(value, ['kind']) !== 'Pod')
    throw invalid(place(['kind']), 'it is not a Pod (name the static pod manifest of kube-apiserver)');
  const container = findContainer(value, place);
  const { flags, words, flagList } = readFlags(value, container, place);
  const mounts = readMounts(value, container);
  return {
    file,
    words,
    flagList,
    mounts,
    container,
    image: textOf(valueAt(value, [...container, 'image'])),
    workingFolder: textOf(valueAt(value, [...container, 'workingDir'])),
    ...partsOf(flags),
    hostPathOf: (path) => hostPathOf(path, mounts),
    positionOf: place,
  };
}

/** The flags of an API server outside a pod, which sees every path of the node. */
function readFlagFile(found: NonNullable<ReturnType<typeof parseFlagFile>>, file: string): ApiServerManifest {
  const { words, positions, hostPathOf: locate } = found;
  return {
    file,
    words: words.map((text, index) => ({ text, path: [index] })),
    flagList: [],
    mounts: [],
    container: [],
    image: undefined,
    workingFolder: undefined,
    ...partsOf(flagsOf(found)),
    hostPathOf: locate,
    positionOf: ([index]) => `${file}:${positions[Number(index ?? 0)] ?? '1:1'}`,
  };
}

/** What the flags say about admission. */
function partsOf(
  flags: readonly Flag[],
): Pick<ApiServerManifest, 'flags' | 'flag' | 'enabledPlugins' | 'disabledPlugins' | 'admissionConfigFile'> {
  const flag = (name: string): Flag | undefined => flags.findLast((one) => one.name === name);
  const pluginsOf = (...names: readonly string[]): readonly string[] =>
    flags.filter(({ name }) => names.includes(name)).flatMap((one) => itemsOf(one.value));
  return {
    flags,
    flag,
    enabledPlugins: pluginsOf('enable-admission-plugins', 'admission-control'),
    disabledPlugins: pluginsOf('disable-admission-plugins'),
    admissionConfigFile: flag('admission-control-config-file')?.value || undefined,
  };
}

/** Whether the kubelet runs kube-apiserver from a file, whatever its name is. */
export function isApiServerPod(text: string, file: string): boolean {
  try {
    const document = openAsApiServer(text, file, { equalKeys: 'last' });
    return (
      document !== undefined &&
      valueAt(document.value, ['kind']) === 'Pod' &&
      findContainer(document.value, placeIn(document, file)).length > 0
    );
  } catch (error) {
    if (error instanceof ControlPlaneError || error instanceof DocumentError) return false;
    throw error;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function placeIn(document: TextDocument, file: string): (path: Path) => string {
  return (path) => `${file}:${document.positionOf(path)}`;
}

function findContainer(pod: unknown, place: (path: Path) => string): Path {
  const list = ['spec', 'containers'] as const;
  const containers = listAt(pod, list);
  const named = containers.findIndex((container) => valueAt(container, ['name']) === 'kube-apiserver');
  const running = containers.findIndex((container) =>
    [valueAt(container, ['command', 0]), valueAt(container, ['args', 0])].some(
      (program) => typeof program === 'string' && /(^|\/)kube-apiserver$/.test(program),
    ),
  );
  const index = named === -1 ? running : named;
  if (index === -1) throw invalid(place(list), 'it has no container kube-apiserver');
  return [...list, index];
}

function readFlags(
  pod: unknown,
  container: Path,
  place: (path: Path) => string,
): Pick<ApiServerManifest, 'flags' | 'words' | 'flagList'> {
  const lists = [
    [...container, 'command'],
    [...container, 'args'],
  ] as const;
  for (const list of lists) requireTexts(listAt(pod, list), list, place);
  const flags = lists.flatMap((list) => parseFlags(listAt(pod, list), list));
  const flagList = flags.at(-1)?.namePath.slice(0, -1);
  if (flagList === undefined) {
    throw invalid(
      place([...container, 'command']),
      'kube-apiserver has no flags here; they are in a script or another file and cannot be changed (write each flag as an item of command)',
    );
  }
  const words = lists.flatMap((list) =>
    listAt(pod, list).map((word, index) => ({ text: String(word), path: [...list, index] })),
  );
  return { flags, words, flagList };
}

/** The kubelet decodes a list of texts, and nothing else. */
function requireTexts(words: readonly unknown[], list: Path, place: (path: Path) => string): void {
  const index = words.findIndex((word) => typeof word !== 'string' && word !== null);
  if (index !== -1)
    throw invalid(
      place([...list, index]),
      `this item is ${kindOf(words[index])}, and the kubelet needs text (quote it)`,
    );
}

function readMounts(pod: unknown, container: Path): readonly Mount[] {
  const volumes = listAt(pod, ['spec', 'volumes']);
  return listAt(pod, [...container, 'volumeMounts']).flatMap((mount, index) => {
    const [name, mountPath] = [valueAt(mount, ['name']), valueAt(mount, ['mountPath'])];
    if (typeof name !== 'string' || typeof mountPath !== 'string') return [];
    const volume = volumes.find((one) => valueAt(one, ['name']) === name);
    const hostPath = valueAt(volume, ['hostPath', 'path']);
    const hasSubPath =
      valueAt(mount, ['subPath']) !== undefined || valueAt(mount, ['subPathExpr']) !== undefined;
    return [
      {
        name,
        mountPath,
        hostPath: typeof hostPath === 'string' && !hasSubPath ? hostPath : undefined,
        readOnly: valueAt(mount, ['readOnly']) === true,
        path: [...container, 'volumeMounts', index],
      },
    ];
  });
}

/** The path on the node. The innermost mount that contains the path determines it. */
function hostPathOf(path: string, mounts: readonly Mount[]): string | undefined {
  const [inner] = mounts
    .filter(({ mountPath }) => isInside(path, mountPath))
    .toSorted((one, other) => other.mountPath.length - one.mountPath.length);
  if (inner?.hostPath === undefined) return undefined;
  const rest = path.slice(withoutSlash(inner.mountPath).length);
  return `${withoutSlash(inner.hostPath)}${rest}`;
}

function isInside(path: string, folder: string): boolean {
  return path === withoutSlash(folder) || path.startsWith(`${withoutSlash(folder)}/`);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** The list at a path; empty if there is none. */
export function listAt(root: unknown, path: Path): readonly unknown[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** An error at a place in a manifest. */
export function invalid(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('API_SERVER_MANIFEST_INVALID', `${place}: ${sentence}`);
}
