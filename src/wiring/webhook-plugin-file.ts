import { dirname } from 'node:path';
import { WEBHOOK_PLUGIN } from '../control-plane/webhook-plugin.ts';
import { ControlPlaneError } from '../control-plane/errors.ts';
import { findMisfit, type GoType } from '../control-plane/go-type.ts';
import { openAsApiServer } from '../control-plane/server-document.ts';
import { type Path, valueAt } from '../document/json.ts';
import type { ApiServerFiles, NamedFile, NodeFileReader, ServerPath } from './api-server-files.ts';

/** The configuration of the plugins that call webhooks; a field that is not set is `undefined`. */
export interface WebhookPlugin {
  /** The file with this configuration. */
  readonly path: ServerPath;
  readonly staticManifestsDir: PluginPath | undefined;
  readonly kubeConfigFile: PluginPath | undefined;
}

/** A path in the configuration of a plugin. */
export interface PluginPath {
  readonly value: string;
  /** `file:line:column`. */
  readonly place: string;
}

/** The API server reads it strictly. */
const CONFIGURATION: GoType = {
  fields: { apiVersion: 'text', kind: 'text', kubeConfigFile: 'text', staticManifestsDir: 'text' },
};

/**
 * Reads the configuration of the plugins that call webhooks, from the `AdmissionConfiguration` or from the file in
 * its `path`. `undefined` if neither has one.
 */
export async function readWebhookPlugin(
  reader: NodeFileReader,
  { admission, admissionPath: place, paths }: ApiServerFiles,
): Promise<NamedFile<WebhookPlugin> | undefined> {
  if (admission?.state !== 'read' || place === undefined) return undefined;
  const plugin = admission.value.plugins.find(({ name }) => name === WEBHOOK_PLUGIN);
  if (plugin === undefined) return undefined;
  const { configuration, file } = plugin;
  if (configuration !== undefined) {
    const inline: Path = [...plugin.path, 'configuration'];
    const positionOf = (path: Path): string => admission.value.positionOf([...inline, ...path]);
    const namedAt = `${place.file}:${positionOf([])}`;
    const opened = await reader.open(place.file, () => decode(configuration, place, positionOf));
    return { namedAt, opened };
  }
  if (file === undefined) return undefined;
  const namedAt = `${place.file}:${file.position}`;
  const path = paths.locate(file.value, dirname(place.seen), namedAt);
  const opened = await reader.open(path.file, (text, name) => {
    const document = openAsApiServer(text, name, { equalKeys: 'refuse' });
    return decode(document?.value, path, (inner) => document?.positionOf(inner) ?? '1:1');
  });
  return { namedAt, opened };
}

function decode(value: unknown, path: ServerPath, positionOf: (path: Path) => string): WebhookPlugin {
  const place = (inner: Path): string => `${path.file}:${positionOf(inner)}`;
  const misfit = findMisfit(value, CONFIGURATION, true);
  if (misfit !== undefined) throw invalid(place(misfit.path), misfit.what);
  if (valueAt(value, ['kind']) !== 'WebhookAdmissionConfiguration')
    throw invalid(
      place(['kind']),
      `it configures ${WEBHOOK_PLUGIN} (write kind: WebhookAdmissionConfiguration)`,
    );
  if (valueAt(value, ['apiVersion']) !== 'apiserver.config.k8s.io/v1')
    throw invalid(place(['apiVersion']), 'the API server needs apiVersion: apiserver.config.k8s.io/v1 here');
  const read = (key: string): PluginPath | undefined => {
    const text = valueAt(value, [key]);
    return typeof text === 'string' && text !== '' ? { value: text, place: place([key]) } : undefined;
  };
  return {
    path,
    staticManifestsDir: read('staticManifestsDir'),
    kubeConfigFile: read('kubeConfigFile'),
  };
}

function invalid(place: string, sentence: string): ControlPlaneError {
  return new ControlPlaneError('ADMISSION_CONFIGURATION_INVALID', `${place}: ${sentence}`);
}
