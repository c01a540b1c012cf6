import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './image-tools.ts';

/** The folder in which buildah keeps images and layers between runs, separate from the containers of the machine. */
export interface ImageStore {
  readonly folder: string;
  /** Environment variables for every call of buildah. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Layers count as images. A full build makes twenty. */
const MOST_IMAGES = 60;

/** Opens the store. Makes it if it does not exist. */
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

/** Whether the store has an image with this name. */
export async function hasImage(store: ImageStore, image: string): Promise<boolean> {
  return (await imagesOf(store)).some(({ names }) => names?.includes(image) === true);
}

/** Removes the layers of earlier builds if there are many, because they take gigabytes. The next build takes 30 s longer. */
export async function pruneStore(store: ImageStore): Promise<void> {
  if ((await imagesOf(store)).length > MOST_IMAGES) await buildah(store, ['rmi', '--prune', '--force']);
}

interface StoredImage {
  readonly names: readonly string[] | null;
}

async function imagesOf(store: ImageStore): Promise<readonly StoredImage[]> {
  return JSON.parse(await buildah(store, ['images', '--all', '--json'])) as readonly StoredImage[];
}

/**
 * Makes an image with one layer from a folder.
 * @param epoch age of the image and of every file in it, in seconds since 1970
 */
export async function commitFolder(
  store: ImageStore,
  folder: string,
  image: string,
  epoch: number,
): Promise<void> {
  const file = `${folder}.Containerfile`;
  await writeFile(file, 'FROM scratch\nENV PATH=/usr/local/bin:/usr/bin:/bin\nCOPY . /\n');
  await buildah(store, ['bud', `--timestamp=${epoch}`, `--tag=${image}`, `--file=${file}`, folder]);
  await rm(file);
}
