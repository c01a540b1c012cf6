import { type Edit, editDocument } from '../document/edit.ts';
import { type Path, valueAt } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import { parseDocuments, type TextDocument } from '../document/yaml.ts';
import { IMAGE_POLICY_PLUGIN, listAt } from './api-server-manifest.ts';
import { ControlPlaneError } from './errors.ts';
import {
  findKey,
  type ImagePolicySettings,
  readImagePolicy,
  type WrittenImagePolicy,
} from './image-policy-settings.ts';

/** A plugin of an `AdmissionConfiguration`. */
interface PluginConfiguration {
  readonly name: string;
  /** A file with its configuration, relative to the folder of this file. An inline configuration takes precedence. */
  readonly file: string | undefined;
  readonly configuration: unknown;
  readonly path: Path;
  readonly position: string;
}

/** The file of `--admission-control-config-file`. */
export interface AdmissionConfiguration {
  /** `legacy`: the file contains only the `imagePolicy` block. This is the form of old Kubernetes versions. */
  readonly form: 'versioned' | 'legacy';
  readonly plugins: readonly PluginConfiguration[];
  /** The settings of `ImagePolicyWebhook`, if they are in this file. */
  readonly imagePolicy: WrittenImagePolicy | undefined;
  /** The path of the file with the settings of `ImagePolicyWebhook`, if they are not in this file. */
  readonly imagePolicyFile: string | undefined;
  /** `line:column` of a part. */
  positionOf(path: Path): string;
}

const API_VERSIONS = new Set([
  'apiserver.config.k8s.io/v1',
  'apiserver.k8s.io/v1alpha1',
  'apiserver.k8s.io/v1',
]);

/**
 * Reads an `AdmissionConfiguration` in YAML or JSON. A bare `imagePolicy:` block is accepted too, as by the API
 * server.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} ADMISSION_CONFIGURATION_INVALID for any other document
 */
export function parseAdmissionConfiguration(text: string, file: string): AdmissionConfiguration {
  const document = openOnly(text, file);
  const { value } = document;
  const [legacyKey, legacy] = findKey(value, 'imagePolicy') ?? [];
  const positionOf = (path: Path): string => document.positionOf(path);
  if (valueAt(value, ['kind']) === undefined && legacyKey !== undefined) {
    const imagePolicy = readImagePolicy(legacy, [legacyKey], document);
    return { form: 'legacy', plugins: [], imagePolicy, imagePolicyFile: undefined, positionOf };
  }
  requireKind(value, file, document);
  const plugins = readPlugins(value, document);
  const ours = plugins.find(({ name }) => name === IMAGE_POLICY_PLUGIN);
  const [key, block] = findKey(ours?.configuration, 'imagePolicy') ?? [];
  return {
    form: 'versioned',
    plugins,
    imagePolicy:
      ours === undefined || key === undefined
        ? undefined
        : readImagePolicy(block, [...ours.path, 'configuration', key], document),
    imagePolicyFile: key === undefined ? ours?.file : undefined,
    positionOf,
  };
}

function openOnly(text: string, file: string): TextDocument {
  const [document, second] = parseDocuments(text, file);
  if (document === undefined) throw invalid(`${file}:1:1`, 'it is empty');
  if (second !== undefined)
    throw invalid(`${file}:${second.positionOf([])}`, 'a second document begins here');
  return document;
}

function requireKind(value: unknown, file: string, document: TextDocument): void {
  const [kind, apiVersion] = [valueAt(value, ['kind']), valueAt(value, ['apiVersion'])];
  if (kind !== 'AdmissionConfiguration')
    throw invalid(`${file}:${document.positionOf(['kind'])}`, 'it is not an AdmissionConfiguration');
  if (typeof apiVersion !== 'string' || !API_VERSIONS.has(apiVersion)) {
    throw invalid(
      `${file}:${document.positionOf(['apiVersion'])}`,
      `apiVersion ${JSON.stringify(apiVersion ?? null)} is not supported by the API server (write apiserver.config.k8s.io/v1)`,
    );
  }
}

function readPlugins(value: unknown, document: TextDocument): readonly PluginConfiguration[] {
  return listAt(value, ['plugins']).map((plugin, index) => {
    const [name, file] = [valueAt(plugin, ['name']), valueAt(plugin, ['path'])];
    const path = ['plugins', index];
    return {
      name: typeof name === 'string' ? name : '',
      file: typeof file === 'string' && file !== '' ? file : undefined,
      configuration: valueAt(plugin, ['configuration']),
      path,
      position: document.positionOf(path),
    };
  });
}

/** An `AdmissionConfiguration` with only `ImagePolicyWebhook`. */
export function renderAdmissionConfiguration(settings: ImagePolicySettings): string {
  return renderYaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [{ name: IMAGE_POLICY_PLUGIN, configuration: { imagePolicy: inOrder(settings) } }],
  });
}

/**
 * Adds the settings of `ImagePolicyWebhook` to a configuration. Other plugins, comments, order and form are kept.
 * Settings in a separate file are moved into this file.
 *
 * @throws {ControlPlaneError} ADMISSION_CONFIGURATION_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export function mergeImagePolicy(text: string, file: string, settings: ImagePolicySettings): string {
  const { form, plugins, imagePolicy } = parseAdmissionConfiguration(text, file);
  const wanted = Object.entries(inOrder(settings));
  if (imagePolicy !== undefined) {
    const block = blockOf(form, plugins, text, file);
    return editDocument(
      text,
      file,
      wanted.map(([key, value]) => ({
        kind: 'set',
        path: imagePolicy[key as keyof ImagePolicySettings]?.path ?? [...block, key],
        value,
      })),
    );
  }
  const ours = plugins.find(({ name }) => name === IMAGE_POLICY_PLUGIN);
  const configuration = { imagePolicy: Object.fromEntries(wanted) };
  if (ours === undefined) {
    const path = ['plugins', plugins.length];
    return editDocument(text, file, [
      { kind: 'set', path, value: { name: IMAGE_POLICY_PLUGIN, configuration } },
    ]);
  }
  const edits: Edit[] = [{ kind: 'set', path: [...ours.path, 'configuration'], value: configuration }];
  // Remove `path`, because the inline configuration takes precedence and the file would mislead a reader.
  if (ours.file !== undefined) edits.push({ kind: 'remove', path: [...ours.path, 'path'] });
  return editDocument(text, file, edits);
}

/** The path of the block with the settings. */
function blockOf(
  form: AdmissionConfiguration['form'],
  plugins: readonly PluginConfiguration[],
  text: string,
  file: string,
): Path {
  const ours = plugins.find(({ name }) => name === IMAGE_POLICY_PLUGIN);
  const root = form === 'legacy' || ours === undefined ? [] : [...ours.path, 'configuration'];
  const holder = valueAt(openOnly(text, file).value, root);
  return [...root, findKey(holder, 'imagePolicy')?.[0] ?? 'imagePolicy'];
}

function inOrder(settings: ImagePolicySettings): ImagePolicySettings {
  const { kubeConfigFile, allowTTL, denyTTL, retryBackoff, defaultAllow } = settings;
  return { kubeConfigFile, allowTTL, denyTTL, retryBackoff, defaultAllow };
}

function invalid(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('ADMISSION_CONFIGURATION_INVALID', `${place}: ${sentence}`);
}
