import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './image-tools.ts';

/** Where buildah keeps images and layers between runs: a folder of our own, apart from the machine's containers. */
export interface ImageStore {
  readonly folder: string;
  /** What every call of buildah needs in its environment to use it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Opens the store, and makes it when there is none. */
export async function openStore(folder: string): Promise<ImageStore> {
  await mkdir(folder, { recursive: true });
  const configuration = join(folder, 'storage.conf');
  const storage = `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`;
  await writeFile(configuration, storage);
  return { folder, variables: { CONTAINERS_STORAGE_CONF: configuration } };
}

/** Runs buildah in the store. */
export function buildah(store: ImageStore, args: readonly string[], folder?: string): Promise<string> {
  return run('buildah', args, { variables: store.variables, ...(folder === undefined ? {} : { folder }) });
}

/** Answers whether the store has an image of that name. */
export async function hasImage(store: ImageStore, image: string): Promise<boolean> {
  const images = JSON.parse(await buildah(store, ['images', '--json'])) as readonly {
    readonly names: readonly string[] | null;
  }[];
  return images.some(({ names }) => names?.includes(image) === true);
}

/** Makes an image whose only layer is a folder, all of it as old as the epoch. */
export async function commitFolder(store: ImageStore, folder: string, image: string): Promise<void> {
  const file = `${folder}.Containerfile`;
  await writeFile(file, 'FROM scratch\nENV PATH=/usr/local/bin:/usr/bin:/bin\nCOPY . /\n');
  await buildah(store, ['bud', '--timestamp=0', `--tag=${image}`, `--file=${file}`, folder]);
  await rm(file);
}
