import { join } from 'node:path';
import { valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { FetchChain } from '../certificate/served.ts';
import type { ServerPaths } from '../../wiring/api-server-files.ts';
import { decodeWebhooks, isOurs, objectsOf } from '../../wiring/webhook-configuration.ts';
import { lookAt } from './gather-kubeconfig.ts';
import type { StaticFile, StaticMaterial } from './material.ts';
import type { NodeReader } from './reader.ts';

/** Reads the webhooks that the API server loads from files. */
export async function gatherStatic(
  reader: NodeReader,
  written: string | undefined,
  paths: ServerPaths,
  fetchChain: FetchChain,
): Promise<StaticMaterial | undefined> {
  if (written === undefined) return undefined;
  const path = paths.locate(written, '/').file;
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

async function readStatic(reader: NodeReader, file: string): Promise<StaticFile> {
  const opened = await reader.open(file, (text) =>
    parseDocuments(text, file).flatMap(({ value }) => objectsOf(value).map((object) => object.value)),
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
