import { type Path, valueAt } from '../document/json.ts';
import { parseDocuments, type TextDocument } from '../document/yaml.ts';
import { type Flag, itemsOf, parseFlags } from './api-server-flags.ts';
import { ControlPlaneError } from './errors.ts';

/** What the plugin is called, in flags and in an `AdmissionConfiguration`. */
export const IMAGE_POLICY_PLUGIN = 'ImagePolicyWebhook';

/** A folder or file of the node that the API server sees. */
export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  /** `undefined` when the volume is none of the node's. */
  readonly hostPath: string | undefined;
  readonly readOnly: boolean;
  readonly path: Path;
}

/** The static pod of kube-apiserver, as far as admission hangs on it. */
export interface ApiServerManifest {
  readonly file: string;
  readonly flags: readonly Flag[];
  /** The list that a new flag goes into. */
  readonly flagList: Path;
  readonly mounts: readonly Mount[];
  /** Where the container stands. */
  readonly container: Path;
  /** The image of the container. */
  readonly image: string | undefined;
  /** The `workingDir` of the container; `undefined` if it is that of the image. */
  readonly workingFolder: string | undefined;
  /** Plugins that are on beyond those that are by default. */
  readonly enabledPlugins: readonly string[];
  readonly disabledPlugins: readonly string[];
  /** What `--admission-control-config-file` names, as the API server sees it. */
  readonly admissionConfigFile: string | undefined;
  /** The last flag of a name: it wins. */
  readonly flag: (name: string) => Flag | undefined;
  /** The path on the node of what the API server sees at a path; `undefined` when no volume leads there. */
  readonly hostPathOf: (path: string) => string | undefined;
  /** `file:line:column` of a part. */
  readonly placeOf: (path: Path) => string;
}

/**
 * Reads the manifest of kube-apiserver: kubeadm's, or one that is built alike.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID when it is no pod that runs kube-apiserver, or starts it in
 * a way whose flags cannot be seen.
 */
export function parseApiServerManifest(text: string, file: string): ApiServerManifest {
  const [document, second] = parseDocuments(text, file);
  if (document === undefined || second !== undefined)
    throw invalid(`${file}:1:1`, 'it does not hold one pod (the kubelet reads one pod a file)');
  const { value } = document;
  const place = placeIn(document, file);
  if (valueAt(value, ['kind']) !== 'Pod')
    throw invalid(place(['kind']), 'it is no Pod (name the static pod manifest of kube-apiserver)');
  const container = findContainer(value, place);
  const { flags, flagList } = readFlags(value, container, place);
  const mounts = readMounts(value, container);
  const flag = (name: string): Flag | undefined => flags.findLast((one) => one.name === name);
  const pluginsOf = (...names: readonly string[]): readonly string[] =>
    flags.filter(({ name }) => names.includes(name)).flatMap((one) => itemsOf(one.value));
  return {
    file,
    flags,
    flagList,
    mounts,
    container,
    image: textOf(valueAt(value, [...container, 'image'])),
    workingFolder: textOf(valueAt(value, [...container, 'workingDir'])),
    enabledPlugins: pluginsOf('enable-admission-plugins', 'admission-control'),
    disabledPlugins: pluginsOf('disable-admission-plugins'),
    admissionConfigFile: flag('admission-control-config-file')?.value,
    flag,
    hostPathOf: (path) => hostPathOf(path, mounts),
    placeOf: place,
  };
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
  if (index === -1) throw invalid(place(list), 'no container of it is kube-apiserver');
  return [...list, index];
}

function readFlags(
  pod: unknown,
  container: Path,
  place: (path: Path) => string,
): Pick<ApiServerManifest, 'flags' | 'flagList'> {
  const lists = [
    [...container, 'command'],
    [...container, 'args'],
  ] as const;
  const flags = lists.flatMap((list) => parseFlags(listAt(pod, list), list));
  const flagList = flags.at(-1)?.namePath.slice(0, -1);
  if (flagList === undefined) {
    throw invalid(
      place([...container, 'command']),
      'kube-apiserver has no flags here; they stand in a script or another file, and cannot be changed (give each flag as an item of command)',
    );
  }
  return { flags, flagList };
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

/** The innermost mount that holds a path says where it is. */
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

/** The list at a path; empty when there is none. */
export function listAt(root: unknown, path: Path): readonly unknown[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** Why a manifest cannot be used, with the place of it. */
export function invalid(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('API_SERVER_MANIFEST_INVALID', `${place}: ${sentence}`);
}
