import { isObject, type Path, valueAt } from '../document/json.ts';
import type { TextDocument } from '../document/yaml.ts';
import { IMAGE_POLICY_PLUGIN, listAt } from './api-server-manifest.ts';
import { ControlPlaneError } from './errors.ts';
import { findMisfit, type GoType, kindOf } from './go-type.ts';
import { findKey, NO_SETTINGS, readImagePolicy, type WrittenImagePolicy } from './image-policy-settings.ts';
import { isNear } from './near-miss.ts';
import { beginsAsJson, openAsApiServer, openAsYaml } from './server-document.ts';

/** A plugin of an `AdmissionConfiguration`. */
interface PluginConfiguration {
  readonly name: string;
  /** A file with its configuration, relative to the folder of this file. An inline configuration takes precedence. */
  readonly file: WrittenPath | undefined;
  /** `undefined` if it has none here. */
  readonly configuration: unknown;
  readonly path: Path;
  readonly position: string;
}

/** A path in a file, and its place. */
interface WrittenPath {
  readonly value: string;
  /** `line:column`. */
  readonly position: string;
}

/** Why a configuration does not configure a plugin, and where. */
interface Lacking {
  readonly position: string;
  readonly sentence: string;
}

/** The file of `--admission-control-config-file`. */
export interface AdmissionConfiguration {
  /** `legacy`: the file contains only the `imagePolicy` block. This is the form of old Kubernetes versions. */
  readonly form: 'versioned' | 'legacy';
  readonly plugins: readonly PluginConfiguration[];
  /** The settings of `ImagePolicyWebhook`, if they are in this file. */
  readonly imagePolicy: WrittenImagePolicy | undefined;
  /** The path of the file with the settings of `ImagePolicyWebhook`, if they are not in this file. */
  readonly imagePolicyFile: WrittenPath | undefined;
  /** A mistake in this file that leaves `ImagePolicyWebhook` without settings. */
  readonly lacking: Lacking | undefined;
  /** `line:column` of a part. */
  positionOf(path: Path): string;
}

const API_VERSIONS = new Set(['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1']);

/** The API server reads this form strictly: a key that it does not know ends its start. */
const VERSIONED: GoType = {
  fields: {
    apiVersion: 'text',
    kind: 'text',
    plugins: { list: { fields: { name: 'text', path: 'text', configuration: 'any' } } },
  },
};

/** The keys of files in the form of old versions. The API server compares them letter by letter. */
const LEGACY_KEYS = ['imagePolicy', 'podNodeSelectorPluginConfig'];

/**
 * Reads the file of `--admission-control-config-file` as the API server does: JSON without comments if it begins with
 * `{`, otherwise YAML, strictly. A bare `imagePolicy:` block is accepted too, as by the API server.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} ADMISSION_CONFIGURATION_INVALID for any other document
 */
export function parseAdmissionConfiguration(text: string, file: string): AdmissionConfiguration {
  const { value, document } = openWhole(text, file);
  const isJson = beginsAsJson(text);
  const positionOf = (path: Path): string => document.positionOf(path);
  if (isLegacy(value)) {
    const found = readSettings({ value, path: [], document, isJson });
    return { form: 'legacy', plugins: [], ...found, imagePolicyFile: undefined, positionOf };
  }
  requireKind(value, file, document);
  requireType(value, file, document);
  const plugins = readPlugins(value, document);
  const ours = plugins.find(({ name }) => name === IMAGE_POLICY_PLUGIN);
  const inline =
    ours?.configuration === undefined
      ? undefined
      : { value: ours.configuration, path: [...ours.path, 'configuration'], document, isJson };
  return {
    form: 'versioned',
    plugins,
    ...(inline === undefined
      ? { imagePolicy: undefined, lacking: findMisnamed(plugins, document) }
      : readSettings(inline)),
    imagePolicyFile: inline === undefined ? ours?.file : undefined,
    positionOf,
  };
}

/**
 * Reads the file that `plugins[].path` names for `ImagePolicyWebhook`, as the plugin does: JSON with YAML's comments, or
 * YAML; keys in any case.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} ADMISSION_CONFIGURATION_INVALID
 */
export function parseImagePolicyFile(text: string, file: string): WrittenImagePolicy {
  const json = firstJson(text);
  const document = openAsYaml(json ?? text, file, { equalKeys: 'last' });
  if (document === undefined) throw invalidConfiguration(`${file}:1:1`, 'it is empty');
  const root = { value: document.value, path: [], document, isJson: json !== undefined };
  const { imagePolicy, lacking } = readSettings(root);
  if (lacking === undefined) return imagePolicy;
  throw invalidConfiguration(`${file}:${lacking.position}`, lacking.sentence);
}

/** The first JSON value of a text; `undefined` if it does not begin with one, so that the plugin reads YAML. */
function firstJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const [, end] = /after JSON at position (\d+)/.exec(String(error)) ?? [];
    return end === undefined ? undefined : text.slice(0, Number(end));
  }
}

/** Opens a file of the API server. The form of old versions is not read strictly, so a key may be there twice. */
export function openWhole(
  text: string,
  file: string,
): { readonly value: unknown; readonly document: TextDocument } {
  const lax = openAsApiServer(text, file, { equalKeys: 'last' });
  if (lax === undefined) throw invalidConfiguration(`${file}:1:1`, 'it is empty');
  const document = isLegacy(lax.value) ? lax : openAsApiServer(text, file, { equalKeys: 'refuse' });
  return { value: lax.value, document: document ?? lax };
}

function isLegacy(value: unknown): boolean {
  const [kind, apiVersion] = [valueAt(value, ['kind']), valueAt(value, ['apiVersion'])];
  const isKnown = kind === 'AdmissionConfiguration' && API_VERSIONS.has(String(apiVersion));
  return !isKnown && isObject(value) && LEGACY_KEYS.some((key) => Object.hasOwn(value, key));
}

function requireKind(value: unknown, file: string, document: TextDocument): void {
  const [kind, apiVersion] = [valueAt(value, ['kind']), valueAt(value, ['apiVersion'])];
  if (kind !== 'AdmissionConfiguration')
    throw invalidConfiguration(
      `${file}:${document.positionOf(['kind'])}`,
      'it is not an AdmissionConfiguration',
    );
  if (typeof apiVersion !== 'string' || !API_VERSIONS.has(apiVersion)) {
    throw invalidConfiguration(
      `${file}:${document.positionOf(['apiVersion'])}`,
      `apiVersion ${JSON.stringify(apiVersion ?? null)} is not supported by the API server (write apiserver.config.k8s.io/v1)`,
    );
  }
}

function requireType(value: unknown, file: string, document: TextDocument): void {
  const misfit = findMisfit(value, VERSIONED, true);
  if (misfit !== undefined)
    throw invalidConfiguration(`${file}:${document.positionOf(misfit.path)}`, misfit.what);
}

function readPlugins(value: unknown, document: TextDocument): readonly PluginConfiguration[] {
  return listAt(value, ['plugins']).map((plugin, index) => {
    const [name, file] = [valueAt(plugin, ['name']), valueAt(plugin, ['path'])];
    const path = ['plugins', index];
    return {
      name: typeof name === 'string' ? name : '',
      file:
        typeof file === 'string' && file !== ''
          ? { value: file, position: document.positionOf([...path, 'path']) }
          : undefined,
      configuration: valueAt(plugin, ['configuration']) ?? undefined,
      path,
      position: document.positionOf(path),
    };
  });
}

/** The settings of the plugin, or why there are none. */
type FoundSettings = { readonly imagePolicy: WrittenImagePolicy } & Pick<AdmissionConfiguration, 'lacking'>;

/** Reads the settings in the document of the plugin, whose root has the key `imagePolicy`. */
function readSettings(root: Parameters<typeof readImagePolicy>[0]): FoundSettings {
  const { value, path, document } = root;
  const lacking = (place: Path, sentence: string): FoundSettings => ({
    imagePolicy: NO_SETTINGS,
    lacking: { position: document.positionOf(place), sentence },
  });
  if (!isObject(value)) return lacking(path, `it is ${kindOf(value)}, and the plugin needs a map`);
  const [key, block] = findKey(value, 'imagePolicy', root.isJson) ?? [];
  if (key === undefined) {
    const near = Object.keys(value).find((name) => /^image.?policy/i.test(name));
    const hint = near === undefined ? '' : `, and finds ${JSON.stringify(near)}`;
    return lacking(
      near === undefined ? path : [...path, near],
      `the plugin looks for the key imagePolicy here${hint}`,
    );
  }
  const place = [...path, key];
  if (block !== null && !isObject(block))
    return lacking(place, `it is ${kindOf(block)}, and the plugin needs a map`);
  return { imagePolicy: readImagePolicy({ ...root, value: block, path: place }), lacking: undefined };
}

/** A plugin with nearly the right name, if none has the right one. */
function findMisnamed(
  plugins: readonly PluginConfiguration[],
  document: TextDocument,
): AdmissionConfiguration['lacking'] {
  if (plugins.some(({ name }) => name === IMAGE_POLICY_PLUGIN)) return undefined;
  const near = plugins.find(({ name }) => isNear(name, IMAGE_POLICY_PLUGIN));
  return (
    near && {
      position: document.positionOf([...near.path, 'name']),
      sentence: `it names the plugin ${JSON.stringify(near.name)} (write ${IMAGE_POLICY_PLUGIN})`,
    }
  );
}

/** An error at a place in an admission configuration. */
export function invalidConfiguration(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('ADMISSION_CONFIGURATION_INVALID', `${place}: ${sentence}`);
}
