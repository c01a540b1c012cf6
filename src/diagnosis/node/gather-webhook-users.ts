import { dirname, isAbsolute, join } from 'node:path';
import { type Path, valueAt } from '../../document/json.ts';
import { parseDocuments } from '../../document/yaml.ts';
import { readCredential } from './gather-kubeconfig.ts';
import type { ClientPair, WebhookUsers } from './material.ts';
import type { NodeReader } from './reader.ts';
import type { ServerPaths } from './server-paths.ts';
import type { WrittenWebhookPlugin } from './webhook-plugin.ts';

/**
 * Reads the kubeconfig by which the API server proves to webhooks who it is. Only its `users` count, each for the host
 * that it is named after; there is no context.
 */
export async function gatherWebhookUsers(
  reader: NodeReader,
  plugin: WrittenWebhookPlugin | undefined,
  paths: ServerPaths,
): Promise<WebhookUsers | undefined> {
  const written = plugin?.kubeConfigFile;
  if (plugin === undefined || written === undefined) return undefined;
  const path = isAbsolute(written) ? paths.of(written) : join(dirname(plugin.file), written);
  const opened = await reader.open(path, (text) => parseDocuments(text, path)[0]?.value);
  const list = opened.state === 'read' ? valueAt(opened.value, ['users']) : undefined;
  const users = Array.isArray(list) ? (list as unknown[]) : [];
  const pairs = await Promise.all(users.map((user) => readPair(reader, paths, path, user)));
  return { namedIn: plugin.file, written, opened, pairs };
}

async function readPair(
  reader: NodeReader,
  paths: ServerPaths,
  kubeconfig: string,
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
      data: data === undefined ? undefined : { text: data, place: `${kubeconfig}, ${name}-data` },
    });
  };
  return { clientCertificate: await read('client-certificate'), clientKey: await read('client-key') };
}
