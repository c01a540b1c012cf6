import { dirname, isAbsolute, join } from 'node:path';
import type { AdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import { valueAt } from '../../document/edit.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { FetchChain } from '../certificate/fetch-chain.ts';
import { decodeWebhooks, isOurs } from '../webhook/seen-webhook.ts';
import { lookAt } from './gather-kubeconfig.ts';
import type { ServerPaths } from './server-paths.ts';
import type { Opened, StaticFile, StaticMaterial } from './material.ts';
import type { NodeReader } from './reader.ts';

const PLUGIN = 'ValidatingAdmissionWebhook';

/** Reads the webhooks that the API server loads from files. */
export async function gatherStatic(
  reader: NodeReader,
  admission: Opened<AdmissionConfiguration> | undefined,
  paths: ServerPaths,
  fetchChain: FetchChain,
): Promise<StaticMaterial | undefined> {
  const written = await findFolder(reader, admission);
  if (written === undefined) return undefined;
  const path = paths.of(written);
  const names = await reader.list(path);
  if (names === undefined) return { path, files: undefined, served: [] };
  const files: StaticFile[] = [];
  for (const name of names.filter((one) => /\.(?:ya?ml|json)$/.test(one)).toSorted())
    files.push(await readStatic(reader, join(path, name)));
  const urls = files.flatMap(({ webhooks }) =>
    webhooks.flatMap(({ target }) => (target.form === 'url' ? [target.url] : [])),
  );
  const origins = [...new Set(urls.map((url) => URL.parse(url)?.origin))];
  const served = await Promise.all(origins.map((origin) => lookAt(origin, undefined, fetchChain)));
  return { path, files, served: served.filter((one) => one !== undefined) };
}

/** `staticManifestsDir` of the plugin's configuration, inline or in a file of its own. */
async function findFolder(
  reader: NodeReader,
  admission: Opened<AdmissionConfiguration> | undefined,
): Promise<string | undefined> {
  if (admission?.state !== 'read') return undefined;
  const plugin = admission.value.plugins.find(({ name }) => name === PLUGIN);
  if (plugin === undefined) return undefined;
  const inline = valueAt(plugin.configuration, ['staticManifestsDir']);
  if (typeof inline === 'string') return inline;
  if (plugin.file === undefined || plugin.configuration !== undefined) return undefined;
  const file = isAbsolute(plugin.file) ? plugin.file : join(dirname(admission.file), plugin.file);
  const opened = await reader.open(file, (text) => parseDocuments(text, file)[0]?.value);
  const folder = opened.state === 'read' ? valueAt(opened.value, ['staticManifestsDir']) : undefined;
  return typeof folder === 'string' ? folder : undefined;
}

async function readStatic(reader: NodeReader, file: string): Promise<StaticFile> {
  const opened = await reader.open(file, (text) =>
    parseDocuments(text, file).flatMap(({ value }) => {
      const items = valueAt(value, ['items']);
      return Array.isArray(items) ? (items as unknown[]) : [value];
    }),
  );
  if (opened.state !== 'read') {
    const problem = opened.state === 'missing' ? 'it is gone' : opened.problem;
    return { file, problem, names: [], webhooks: [] };
  }
  return {
    file,
    problem: undefined,
    names: opened.value.map((object) => String(valueAt(object, ['metadata', 'name']))),
    webhooks: opened.value.flatMap((object) => decodeWebhooks(object, file)).filter(isOurs),
  };
}
