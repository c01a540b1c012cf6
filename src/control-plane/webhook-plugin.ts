import { type Edit, editDocument } from '../document/edit.ts';
import { valueAt } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import { parseAdmissionConfiguration } from './admission-configuration.ts';
import { ControlPlaneError } from './errors.ts';

/** The plugin that calls validating webhooks, from the API or from files. */
export const WEBHOOK_PLUGIN = 'ValidatingAdmissionWebhook';

/** A `WebhookAdmissionConfiguration`; paths are absolute, as the API server sees them. */
interface WebhookPluginSettings {
  /** The kubeconfig with the client certificate of the API server. */
  readonly kubeConfigFile?: string;
  /** A folder of webhook configurations. Needs Kubernetes 1.36 (with a feature gate) or newer. */
  readonly staticManifestsDir: string;
}

const TYPE = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' } as const;

/**
 * Adds the settings of the plugin to an `AdmissionConfiguration`. Other plugins, comments and order are kept. If
 * `text` is `undefined`, a new configuration is rendered.
 *
 * @throws {ControlPlaneError} ADMISSION_CONFIGURATION_INVALID, also if the plugin has other settings
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export function mergeWebhookPlugin(
  text: string | undefined,
  file: string,
  settings: WebhookPluginSettings,
): string {
  if (text === undefined) return renderNew(settings);
  const { form, plugins } = parseAdmissionConfiguration(text, file);
  if (form === 'legacy')
    throw invalid(`${file}:1:1`, 'it has the old form, which can configure only one plugin');
  const found = plugins.find(({ name }) => name === WEBHOOK_PLUGIN);
  if (found === undefined) {
    const value = { name: WEBHOOK_PLUGIN, configuration: { ...TYPE, ...settings } };
    return editDocument(text, file, [{ kind: 'set', path: ['plugins', plugins.length], value }]);
  }
  const place = `${file}:${found.position}`;
  if (found.configuration === undefined && found.file !== undefined)
    throw invalid(
      place,
      `${WEBHOOK_PLUGIN} is configured in ${found.file.value} (move the configuration into this file, then run this command again)`,
    );
  const edits = Object.entries(settings).flatMap(([key, value]): Edit[] => {
    const there = valueAt(found.configuration, [key]);
    if (there === value) return [];
    if (there === undefined) return [{ kind: 'set', path: [...found.path, 'configuration', key], value }];
    throw invalid(
      place,
      `${key} of ${WEBHOOK_PLUGIN} is already ${JSON.stringify(there)}, and only one value is possible`,
    );
  });
  return edits.length === 0 ? text : editDocument(text, file, edits);
}

function renderNew(settings: WebhookPluginSettings): string {
  return renderYaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [{ name: WEBHOOK_PLUGIN, configuration: { ...TYPE, ...settings } }],
  });
}

function invalid(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('ADMISSION_CONFIGURATION_INVALID', `${place}: ${sentence}`);
}
