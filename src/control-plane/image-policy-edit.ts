import { type Edit, editDocument } from '../document/edit.ts';
import { fieldsOf, type Path, valueAt } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import {
  type AdmissionConfiguration,
  invalidConfiguration,
  openWhole,
  parseAdmissionConfiguration,
} from './admission-configuration.ts';
import { IMAGE_POLICY_PLUGIN } from './api-server-manifest.ts';
import { findKey, type ImagePolicySettings } from './image-policy-settings.ts';
import { beginsAsJson } from './server-document.ts';

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
  const { form, plugins, imagePolicy, lacking } = parseAdmissionConfiguration(text, file);
  // A second plugin or key beside the mistake would hide it.
  if (lacking !== undefined) throw invalidConfiguration(`${file}:${lacking.position}`, lacking.sentence);
  const wanted = Object.entries(inOrder(settings));
  if (imagePolicy !== undefined) {
    const block = blockOf(form, plugins, text, file);
    requireSingleKeys(text, file, block);
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
  plugins: AdmissionConfiguration['plugins'],
  text: string,
  file: string,
): Path {
  const ours = plugins.find(({ name }) => name === IMAGE_POLICY_PLUGIN);
  const root = form === 'legacy' || ours === undefined ? [] : [...ours.path, 'configuration'];
  const holder = valueAt(openWhole(text, file).value, root);
  return [...root, findKey(holder, 'imagePolicy', beginsAsJson(text))?.[0] ?? 'imagePolicy'];
}

/** Refuses a setting that is there twice, in other letters: an edit of one would leave the other. */
function requireSingleKeys(text: string, file: string, block: Path): void {
  const { value, document } = openWhole(text, file);
  const seen = new Set<string>();
  for (const key of Object.keys(fieldsOf(valueAt(value, block)))) {
    if (seen.has(key.toLowerCase()))
      throw invalidConfiguration(
        `${file}:${document.positionOf([...block, key])}`,
        `${key} is here a second time in other letters, and the plugin takes only one (remove the other)`,
      );
    seen.add(key.toLowerCase());
  }
}

function inOrder(settings: ImagePolicySettings): ImagePolicySettings {
  const { kubeConfigFile, allowTTL, denyTTL, retryBackoff, defaultAllow } = settings;
  return { kubeConfigFile, allowTTL, denyTTL, retryBackoff, defaultAllow };
}
