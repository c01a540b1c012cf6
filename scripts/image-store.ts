import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './image-tools.ts';

/** Where buildah keeps images and layers between runs: a folder of our own, apart from the machine's containers. */
export interface ImageStore {
  readonly folder: string;
  /** What every call of buildah needs in its environment to use it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Layers count as images; a build makes twenty when it makes all of them. */
const MOST_IMAGES = 60;

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
  return (await imagesOf(store)).some(({ names }) => names?.includes(image) === true);
}

/** Forgets the layers of earlier builds once there are many: they cost gigabytes, and the next build half a minute. */
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
 * Makes an image whose only layer is a folder.
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
