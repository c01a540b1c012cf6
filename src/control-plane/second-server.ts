import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isApiServerPod } from './api-server-manifest.ts';
import { ControlPlaneError } from './errors.ts';
import { findFile } from './file-plan.ts';

/** The names in a folder of manifests that the kubelet may run, without the manifest itself. */
export function othersOf(manifestFile: string, names: readonly string[]): readonly string[] {
  // The kubelet skips names that begin with a dot, and no other.
  return names.filter((name) => name !== basename(manifestFile) && !name.startsWith('.'));
}

/**
 * Refuses a folder of manifests in which another file runs kube-apiserver too, because the kubelet runs both.
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID, NODE_FILE_UNREADABLE
 */
export async function requireOnlyServer(manifestFile: string): Promise<void> {
  const folder = dirname(manifestFile);
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  for (const name of othersOf(manifestFile, files)) {
    const path = join(folder, name);
    const found = await findFile(path);
    if (found !== undefined && isApiServerPod(found.content.toString(), path))
      throw new ControlPlaneError(
        'API_SERVER_MANIFEST_INVALID',
        `${path}:1:1: it runs kube-apiserver too, and the kubelet runs every file of this folder whose name does not begin with a dot (move it to another folder)`,
      );
  }
}
