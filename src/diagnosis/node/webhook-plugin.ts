import { dirname, isAbsolute, join } from 'node:path';
import type { AdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import { WEBHOOK_PLUGIN } from '../../control-plane/webhook-plugin.ts';
import { valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { Opened } from './material.ts';
import type { NodeReader } from './reader.ts';

/** What the API server is told about webhooks in general; what is not said is `undefined`. */
export interface WrittenWebhookPlugin {
  /** Where it stands. */
  readonly file: string;
  readonly staticManifestsDir: string | undefined;
  readonly kubeConfigFile: string | undefined;
}

/** Reads the plugin's `WebhookAdmissionConfiguration`: inline, else in a file of its own. */
export async function readWebhookPlugin(
  reader: NodeReader,
  admission: Opened<AdmissionConfiguration> | undefined,
): Promise<WrittenWebhookPlugin | undefined> {
  if (admission?.state !== 'read') return undefined;
  const plugin = admission.value.plugins.find(({ name }) => name === WEBHOOK_PLUGIN);
  if (plugin === undefined) return undefined;
  if (plugin.configuration !== undefined) return decode(plugin.configuration, admission.file);
  if (plugin.file === undefined) return undefined;
  const file = isAbsolute(plugin.file) ? plugin.file : join(dirname(admission.file), plugin.file);
  const opened = await reader.open(file, (text) => parseDocuments(text, file)[0]?.value);
  return opened.state === 'read' ? decode(opened.value, file) : undefined;
}

function decode(configuration: unknown, file: string): WrittenWebhookPlugin {
  const text = (key: string): string | undefined => {
    const value = valueAt(configuration, [key]);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    file,
    staticManifestsDir: text('staticManifestsDir'),
    kubeConfigFile: text('kubeConfigFile'),
  };
}
