import { dirname, isAbsolute, join } from 'node:path';
import {
  type AdmissionConfiguration,
  parseAdmissionConfiguration,
  parseImagePolicyFile,
} from '../control-plane/admission-configuration.ts';
import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  parseApiServerManifest,
} from '../control-plane/api-server-manifest.ts';
import { ControlPlaneError } from '../control-plane/errors.ts';
import { findFile, type FoundFile } from '../control-plane/file-plan.ts';
import { parseGateKubeconfig, type WrittenGateWay } from '../control-plane/gate-kubeconfig.ts';
import { kubeConfigFileOf, type WrittenImagePolicy } from '../control-plane/image-policy-settings.ts';
import { DocumentError } from '../document/yaml.ts';
import type { Stage } from '../policy/stage.ts';
import { stageOfPath } from './paths.ts';

/** A file with its value, or the reason why there is none. */
export type Opened<Value> =
  | { readonly state: 'read'; readonly file: string; readonly value: Value }
  | {
      readonly state: 'missing';
      readonly file: string;
      /** A file with nearly this name in the same folder. */
      readonly near?: string;
    }
  | { readonly state: 'unreadable'; readonly file: string; readonly problem: string }
  /** The caller may not read it, so nothing is known about it. The API server may. */
  | { readonly state: 'unseen'; readonly file: string };

/** A path of the API server. `seen` is the path in its container, and `file` is the path on the node. */
export interface ServerPath {
  readonly seen: string;
  readonly file: string;
}

/** How the files of a node are read. Paths are those of the node. */
export interface NodeFileReader {
  readonly open: <Value>(
    path: string,
    parse: (text: string, file: string) => Value,
  ) => Promise<Opened<Value>>;
  readonly exists: (path: string) => Promise<boolean>;
}

/** The result of reading a file. A parse error makes the file `unreadable`; it is not thrown. */
export function openFound<Value>(
  found: FoundFile | undefined,
  path: string,
  parse: (text: string, file: string) => Value,
): Opened<Value> {
  if (found === undefined) return { state: 'missing', file: path };
  try {
    return { state: 'read', file: path, value: parse(found.content.toString(), path) };
  } catch (error) {
    if (error instanceof ControlPlaneError || error instanceof DocumentError)
      return { state: 'unreadable', file: path, problem: error.message };
    throw error;
  }
}

/** The files of the machine that this program runs on. */
export const LOCAL_FILES: NodeFileReader = {
  open: async (path, parse) => openFound(await findFile(path), path, parse),
  exists: async (path) => (await findFile(path)) !== undefined,
};

/** A file that a setting names. */
export interface NamedFile<Value> {
  /** `file:line:column` of the setting. */
  readonly namedAt: string;
  readonly opened: Opened<Value>;
}

/** The files that belong to a manifest of kube-apiserver. A field is `undefined` if no file refers to it. */
export interface ApiServerFiles {
  readonly manifest: Opened<ApiServerManifest>;
  readonly paths: ServerPaths;
  readonly admission: Opened<AdmissionConfiguration> | undefined;
  readonly admissionPath: ServerPath | undefined;
  /** `file:line:column` of the flag that names the `AdmissionConfiguration`. */
  readonly admissionNamedAt: string | undefined;
  /** The file that `plugins[].path` names for `ImagePolicyWebhook`. */
  readonly pluginFile: NamedFile<WrittenImagePolicy> | undefined;
  /** The settings of `ImagePolicyWebhook`, and the file that contains them. */
  readonly imagePolicy: { readonly file: string; readonly settings: WrittenImagePolicy } | undefined;
  readonly kubeconfig: GateKubeconfig | undefined;
}

/** The kubeconfig of `ImagePolicyWebhook`. */
export interface GateKubeconfig {
  /** The path in the settings, relative or absolute. */
  readonly written: string;
  /** `file:line:column` of the setting. */
  readonly namedAt: string;
  readonly path: ServerPath;
  readonly opened: Opened<WrittenGateWay>;
}

/** The paths of the API server on the node, by the volumes of its manifest. */
export class ServerPaths {
  /**
   * Paths that the API server reads and that no volume contains, with `file:line:column` of the setting that names them.
   * The same path on the node is read instead.
   */
  readonly unmounted = new Map<string, string>();
  readonly #manifest: ApiServerManifest | undefined;

  constructor(manifest: ApiServerManifest | undefined) {
    this.#manifest = manifest;
  }

  /**
   * A relative path begins at `folder`, which is a path in the container of the API server.
   * @param namedAt `file:line:column` of the setting that names it
   */
  locate(written: string, folder: string, namedAt: string): ServerPath {
    const seen = join(isAbsolute(written) ? '/' : folder, written);
    const host = this.#manifest?.hostPathOf(seen);
    if (host === undefined && !this.unmounted.has(seen)) this.unmounted.set(seen, namedAt);
    return { seen, file: host ?? seen };
  }

  /** The working folder of the API server. It is the root of its image unless the manifest sets another. */
  get workingFolder(): string {
    return this.#manifest?.workingFolder ?? '/';
  }

  /** The path in the working folder; `undefined` if no volume contains it. */
  inWorkingFolder(written: string): ServerPath | undefined {
    const seen = join(this.workingFolder, written);
    const file = this.#manifest?.hostPathOf(seen);
    return file === undefined ? undefined : { seen, file };
  }
}

/**
 * Follows the manifest of kube-apiserver through the files that it names, as the API server resolves them. Relative
 * paths begin at different folders. The flag and `kubeConfigFile` begin at the working folder of the process.
 * `plugins[].path` begins at the folder of the `AdmissionConfiguration`. The certificates of a kubeconfig begin at
 * the folder of the kubeconfig.
 */
export async function followApiServer(reader: NodeFileReader, manifestFile: string): Promise<ApiServerFiles> {
  const manifest = await reader.open(manifestFile, parseApiServerManifest);
  const paths = new ServerPaths(manifest.state === 'read' ? manifest.value : undefined);
  const flag = manifest.state === 'read' ? manifest.value.flag(CONFIGURATION_FLAG) : undefined;
  const nothing = {
    admission: undefined,
    admissionPath: undefined,
    admissionNamedAt: undefined,
    pluginFile: undefined,
    imagePolicy: undefined,
    kubeconfig: undefined,
  };
  if (manifest.state !== 'read' || !flag?.value) return { manifest, paths, ...nothing };
  const admissionNamedAt = manifest.value.positionOf(flag.path);
  const place = paths.locate(flag.value, paths.workingFolder, admissionNamedAt);
  const admission = await reader.open(place.file, parseAdmissionConfiguration);
  const files = { ...nothing, manifest, paths, admission, admissionPath: place, admissionNamedAt };
  const found = await readSettings(reader, admission, place, paths);
  const { settings } = found;
  if (settings === undefined) return { ...files, ...found };
  return {
    ...files,
    pluginFile: found.pluginFile,
    imagePolicy: { file: settings.path.file, settings: settings.imagePolicy },
    kubeconfig: await readKubeconfig(reader, settings.imagePolicy, settings.path, paths),
  };
}

const CONFIGURATION_FLAG = 'admission-control-config-file';

/**
 * The stage of `ImagePolicyWebhook`; `undefined` if the plugin is off, or if the server of its kubeconfig has no path
 * of a gate.
 */
export function imagePolicyStage({ manifest, kubeconfig }: ApiServerFiles): Stage | undefined {
  if (manifest.state !== 'read' || !manifest.value.enabledPlugins.includes(IMAGE_POLICY_PLUGIN))
    return undefined;
  return kubeconfig && stageOfKubeconfig(kubeconfig.opened);
}

/** The stage of the server URL in a kubeconfig of `ImagePolicyWebhook`. */
export function stageOfKubeconfig(opened: Opened<WrittenGateWay>): Stage | undefined {
  const server = opened.state === 'read' ? opened.value.server?.value : undefined;
  const url = server === undefined ? null : URL.parse(server);
  return url === null ? undefined : stageOfPath('ImageReview', url.pathname);
}

interface FoundSettings {
  readonly settings: { readonly path: ServerPath; readonly imagePolicy: WrittenImagePolicy } | undefined;
  readonly pluginFile: ApiServerFiles['pluginFile'];
}

/** An inline configuration of a plugin takes precedence over the file in `path`. */
async function readSettings(
  reader: NodeFileReader,
  admission: Opened<AdmissionConfiguration>,
  place: ServerPath,
  paths: ServerPaths,
): Promise<FoundSettings> {
  const nothing = { settings: undefined, pluginFile: undefined };
  if (admission.state !== 'read') return nothing;
  const { imagePolicy, imagePolicyFile } = admission.value;
  if (imagePolicy !== undefined) return { ...nothing, settings: { path: place, imagePolicy } };
  if (imagePolicyFile === undefined) return nothing;
  const namedAt = `${place.file}:${imagePolicyFile.position}`;
  const path = paths.locate(imagePolicyFile.value, dirname(place.seen), namedAt);
  const opened = await reader.open(path.file, parseImagePolicyFile);
  const settings = opened.state === 'read' ? { path, imagePolicy: opened.value } : undefined;
  return { settings, pluginFile: { namedAt, opened } };
}

async function readKubeconfig(
  reader: NodeFileReader,
  settings: WrittenImagePolicy,
  place: ServerPath,
  paths: ServerPaths,
): Promise<GateKubeconfig | undefined> {
  const written = kubeConfigFileOf(settings);
  if (written === undefined) return undefined;
  const namedAt = `${place.file}:${settings.kubeConfigFile?.position}`;
  const path = await locateKubeconfig(reader, { written, namedAt }, place, paths);
  return { written, namedAt, path, opened: await reader.open(path.file, parseGateKubeconfig) };
}

async function locateKubeconfig(
  reader: NodeFileReader,
  { written, namedAt }: Pick<GateKubeconfig, 'written' | 'namedAt'>,
  place: ServerPath,
  paths: ServerPaths,
): Promise<ServerPath> {
  const beside = (): ServerPath => paths.locate(written, dirname(place.seen), namedAt);
  if (isAbsolute(written)) return beside();
  const inWorkingFolder = paths.inWorkingFolder(written);
  // A program that is not in a container may have another working folder. Then the path begins at the folder of the
  // settings.
  return inWorkingFolder !== undefined && (await reader.exists(inWorkingFolder.file))
    ? inWorkingFolder
    : beside();
}
