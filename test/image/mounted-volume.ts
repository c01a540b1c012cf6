import { chmod, chown, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Secret or ConfigMap as the kubelet mounts it. */
export interface MountedVolume {
  readonly folder: string;
  /** Replaces all files at once, as the kubelet does. */
  readonly replace: (files: Readonly<Record<string, string>>) => Promise<void>;
}

/** The permissions of the mounted files: root and the group of `fsGroup` may read them. */
interface VolumeAccess {
  readonly group: number;
  readonly mode: number;
}

/**
 * Writes files as the kubelet does (`AtomicWriter` of k8s.io/kubernetes): into a new folder. The link `..data` leads to
 * the newest folder, and a change replaces the link.
 */
export async function mountVolume(
  folder: string,
  files: Readonly<Record<string, string>>,
  access: VolumeAccess,
): Promise<MountedVolume> {
  let generation = 0;
  const replace = async (changed: Readonly<Record<string, string>>): Promise<void> => {
    generation += 1;
    const data = `..generation_${generation}`;
    await mkdir(join(folder, data), { mode: 0o755 });
    for (const [name, text] of Object.entries(changed)) {
      const file = join(folder, data, name);
      await writeFile(file, text);
      await chown(file, 0, access.group);
      await chmod(file, access.mode);
    }
    await symlink(data, join(folder, '..data_new'));
    await rename(join(folder, '..data_new'), join(folder, '..data'));
  };
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await replace(files);
  for (const name of Object.keys(files)) await symlink(`..data/${name}`, join(folder, name));
  return { folder, replace };
}
