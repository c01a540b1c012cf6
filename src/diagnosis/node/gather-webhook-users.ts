import { dirname } from 'node:path';
import { type Path, valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { ServerPath, ServerPaths, WebhookPlugin } from '../../wiring/api-server-files.ts';
import { readCredential } from './gather-kubeconfig.ts';
import type { ClientPair, WebhookUsers } from './material.ts';
import type { NodeReader } from './reader.ts';

/**
 * Reads the kubeconfig with the credentials of the API server for webhooks. The API server uses only its `users`: the name
 * of a user is the host that the user is for. Contexts are ignored.
 */
export async function gatherWebhookUsers(
  reader: NodeReader,
  plugin: WebhookPlugin | undefined,
  paths: ServerPaths,
): Promise<WebhookUsers | undefined> {
  const written = plugin?.kubeConfigFile;
  if (plugin === undefined || written === undefined) return undefined;
  const path = paths.locate(written, dirname(plugin.path.seen));
  const opened = await reader.open(path.file, (text, file) => parseDocuments(text, file)[0]?.value);
  const list = opened.state === 'read' ? valueAt(opened.value, ['users']) : undefined;
  const users = Array.isArray(list) ? (list as unknown[]) : [];
  const pairs = await Promise.all(users.map((user) => readPair(reader, paths, path, user)));
  return { namedIn: plugin.path.file, written, opened, pairs };
}

async function readPair(
  reader: NodeReader,
  paths: ServerPaths,
  kubeconfig: ServerPath,
  user: unknown,
): Promise<ClientPair> {
  const text = (path: Path): string | undefined => {
    const value = valueAt(user, path);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const read = (name: string): ReturnType<typeof readCredential> => {
    const data = text(['user', `${name}-data`]);
    return readCredential(reader, paths, kubeconfig, {
      file: text(['user', name]),
      data: data === undefined ? undefined : { text: data, place: `${kubeconfig.file}, ${name}-data` },
    });
  };
  return { clientCertificate: await read('client-certificate'), clientKey: await read('client-key') };
}
