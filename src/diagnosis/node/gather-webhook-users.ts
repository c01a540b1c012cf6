import { dirname } from 'node:path';
import { listAt } from '../../control-plane/api-server-manifest.ts';
import { type Path, valueAt } from '../../document/json.ts';
import { openKubeconfig } from '../../control-plane/gate-kubeconfig.ts';
import type { ServerPath, ServerPaths } from '../../wiring/api-server-files.ts';
import type { WebhookPlugin } from '../../wiring/webhook-plugin-file.ts';
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
  const { value, place: namedAt } = written;
  const path = paths.locate(value, dirname(plugin.path.seen), namedAt);
  const opened = await reader.open(path.file, openKubeconfig);
  const document = opened.state === 'read' ? opened.value : undefined;
  const users = listAt(document?.value, ['users']);
  const pairs = await Promise.all(
    users.map((user, index) =>
      readPair(reader, paths, path, {
        user,
        place: (key) => `${path.file}:${document?.positionOf(['users', index, 'user', key]) ?? '1:1'}`,
      }),
    ),
  );
  return { namedAt, written: value, opened, pairs };
}

async function readPair(
  reader: NodeReader,
  paths: ServerPaths,
  kubeconfig: ServerPath,
  { user, place }: { readonly user: unknown; readonly place: (key: string) => string },
): Promise<ClientPair> {
  const text = (path: Path): string | undefined => {
    const value = valueAt(user, path);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const read = (name: string): ReturnType<typeof readCredential> => {
    const data = text(['user', `${name}-data`]);
    const file = text(['user', name]);
    return readCredential(reader, paths, kubeconfig, {
      name,
      file: file === undefined ? undefined : { text: file, place: place(name) },
      data: data === undefined ? undefined : { text: data, place: place(`${name}-data`) },
    });
  };
  return { clientCertificate: await read('client-certificate'), clientKey: await read('client-key') };
}
