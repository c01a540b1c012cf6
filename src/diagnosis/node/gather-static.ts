import { join } from 'node:path';
import { valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { FetchChain } from '../certificate/served.ts';
import type { ServerPaths } from '../../wiring/api-server-files.ts';
import { decodeWebhooks, isOurs, objectsOf } from '../../wiring/webhook-configuration.ts';
import type { PluginPath } from '../../wiring/webhook-plugin-file.ts';
import { lookAt } from './gather-kubeconfig.ts';
import type { StaticFile, StaticMaterial } from './material.ts';
import type { NodeReader } from './reader.ts';

/** Reads the webhooks that the API server loads from files. */
export async function gatherStatic(
  reader: NodeReader,
  written: PluginPath | undefined,
  paths: ServerPaths,
  fetchChain: FetchChain,
): Promise<StaticMaterial | undefined> {
  if (written === undefined) return undefined;
  const { value, place: namedAt } = written;
  const path = paths.locate(value, '/', namedAt).file;
  const names = await reader.list(path);
  if (names === undefined) return { path, namedAt, files: undefined, served: [] };
  const files: StaticFile[] = [];
  for (const name of names.filter((one) => /\.(?:ya?ml|json)$/.test(one)).toSorted())
    files.push(await readStatic(reader, join(path, name)));
  const urls = files.flatMap(({ webhooks }) =>
    webhooks.flatMap(({ target }) => (target.form === 'url' ? [target.url] : [])),
  );
  const origins = [...new Set(urls.map((url) => URL.parse(url)?.origin))];
  const served = await Promise.all(origins.map((origin) => lookAt(origin, undefined, fetchChain)));
  return { path, namedAt, files, served: served.filter((one) => one !== undefined) };
}

async function readStatic(reader: NodeReader, file: string): Promise<StaticFile> {
  const opened = await reader.open(file, (text) =>
    parseDocuments(text, file).flatMap(({ value }) => objectsOf(value).map((object) => object.value)),
  );
  if (opened.state !== 'read') {
    const problem =
      opened.state === 'unreadable' ? opened.problem : 'it is gone, or this user may not read it';
    return { file, problem, names: [], webhooks: [] };
  }
  return {
    file,
    problem: undefined,
    names: opened.value.map((object) => String(valueAt(object, ['metadata', 'name']))),
    webhooks: opened.value.flatMap((object) => decodeWebhooks(object, file)).filter(isOurs),
  };
}
