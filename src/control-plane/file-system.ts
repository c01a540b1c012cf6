import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ControlPlaneError } from './errors.ts';
import { isMissing, reasonOf, type FoundFile } from './file-plan.ts';

/**
 * Writes a file completely or not at all.
 *
 * The name of the temporary file starts with a dot. The kubelet skips files with such names in the folder of
 * manifests.
 * @throws {ControlPlaneError} NODE_FILE_UNWRITABLE
 */
export async function writeWhole(
  path: string,
  content: Buffer | string,
  { mode, owner }: { readonly mode: number; readonly owner?: Pick<FoundFile, 'uid' | 'gid'> | undefined },
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  await guarded(path, async () => {
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      if (owner !== undefined) await chown(temporary, owner.uid, owner.gid);
      // The mode is not given to open(2), because the umask would reduce it.
      await chmod(temporary, mode);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/**
 * Removes a file, if it exists.
 * @throws {ControlPlaneError} NODE_FILE_UNWRITABLE
 */
export function removeFile(path: string): Promise<void> {
  return guarded(path, () => rm(path, { force: true }));
}

/**
 * Creates a folder and its parents. Returns the created folders, the outer before the inner.
 * @throws {ControlPlaneError} NODE_FILE_UNWRITABLE
 */
export async function makeFolders(folder: string, mode: number): Promise<readonly string[]> {
  const missing = await missingFolders(folder);
  for (const path of missing) {
    await guarded(path, async () => {
      await mkdir(path, { mode });
      await chmod(path, mode);
    });
  }
  return missing;
}

async function missingFolders(folder: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let path = folder; !(await isThere(path)); path = dirname(path)) missing.unshift(path);
  return missing;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause) && dirname(path) !== path) return false;
    throw new ControlPlaneError('NODE_FILE_UNWRITABLE', `${path}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Removes empty folders. The list has the outer folders before the inner ones. A folder that is not empty is kept.
 * @throws {ControlPlaneError} NODE_FILE_UNWRITABLE
 */
export async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) {
    try {
      await rmdir(folder);
    } catch (cause) {
      const isUsed = cause instanceof Error && 'code' in cause && cause.code === 'ENOTEMPTY';
      if (!isUsed && !isMissing(cause))
        throw new ControlPlaneError('NODE_FILE_UNWRITABLE', `${folder}: ${reasonOf(cause)}`, { cause });
    }
  }
}

async function guarded(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new ControlPlaneError('NODE_FILE_UNWRITABLE', `${path}: ${reasonOf(cause)}`, { cause });
  }
}
