import { cp, glob, mkdir, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commitFolder, hasImage, type ImageStore } from './image-store.ts';
import { keyOf, offeredPackages, unpackPackages, withDependencies } from './debian-packages.ts';
import { placeOf } from './image-tools.ts';

/** The images that the Dockerfile starts from, by their names in the store. */
interface Bases {
  readonly builder: string;
  readonly runtime: string;
}

interface Recipe {
  readonly name: string;
  readonly packages: readonly string[];
  /** Other inputs than the packages; a change makes a new image. */
  readonly inputs: readonly string[];
  /** Seconds since 1970. */
  readonly epoch: number;
  /** Turns the unpacked packages into the image. */
  readonly finish: (folder: string) => Promise<void>;
}

/** The library that Node is linked with. */
const LIBRARIES = 'libstdc++6';

/** Names the Debian release, and contains the licences that the packages refer to. */
const RELEASE = 'base-files';

/** Increase it when a recipe makes another image from the same packages. */
const EDITION = '1';

/**
 * Makes the base images of the Dockerfile from Debian packages of this machine, or finds them in the store by a name
 * that depends on their content.
 * @param node path of the Node that runs npm
 * @param epoch age of the files in the image, in seconds since 1970
 */
export async function makeBases(store: ImageStore, node: string, epoch: number): Promise<Bases> {
  const libraries = await withDependencies([LIBRARIES]);
  const runtime = await makeBase(store, {
    name: 'runtime',
    packages: [RELEASE, ...libraries],
    inputs: [],
    // The cache finds the layers above it by this age.
    epoch,
    finish: finishRuntime,
  });
  const npm = await npmFolder();
  const builder = await makeBase(store, {
    name: 'builder',
    packages: [RELEASE, 'dash', ...new Set([...libraries, ...(await withDependencies(['coreutils']))])],
    inputs: [npm, await readFile(join(npm, 'package.json'), 'utf8'), node, process.version],
    epoch: 0,
    finish: (folder) => finishBuilder(folder, node, npm),
  });
  return { builder, runtime };
}

/** The folder of this machine's npm. The npm in the PATH is a link to a file in its `bin`. */
async function npmFolder(): Promise<string> {
  const place = await placeOf('npm');
  if (place === undefined) throw new Error('The image needs npm, which is not in the PATH.');
  return dirname(dirname(await realpath(place)));
}

async function makeBase(store: ImageStore, recipe: Recipe): Promise<string> {
  const packages = await offeredPackages(recipe.packages);
  const tag = keyOf(packages, [EDITION, String(recipe.epoch), ...recipe.inputs]);
  const image = `localhost/kube-image-bouncer-${recipe.name}:${tag}`;
  if (await hasImage(store, image)) return image;
  const folder = join(store.folder, `${recipe.name}-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await unpackPackages(packages, store.folder, folder);
    await recipe.finish(folder);
    await commitFolder(store, folder, image, recipe.epoch);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return image;
}

/**
 * Keeps only libraries, licences and the name of the release. Node reads no other file of the packages, and some are
 * scripts.
 */
async function finishRuntime(folder: string): Promise<void> {
  for await (const gconv of glob('usr/lib/*/gconv', { cwd: folder }))
    await rm(join(folder, gconv), { recursive: true });
  await keepOnly(folder, ['etc', 'lib', 'lib64', 'usr', 'var']);
  await keepOnly(join(folder, 'etc'), ['debian_version', 'os-release']);
  await keepOnly(join(folder, 'usr'), ['lib', 'share']);
  await keepOnly(join(folder, 'usr/share'), ['common-licenses', 'doc']);
  await keepOnly(join(folder, 'var'), ['lib']);
  await keepOnly(join(folder, 'var/lib'), ['dpkg']);
  for (const name of await readdir(join(folder, 'usr/share/doc')))
    await keepOnly(join(folder, 'usr/share/doc', name), ['copyright']);
  const etc: Readonly<Record<string, string>> = {
    passwd: 'root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/nonexistent:/nonexistent\n',
    group: 'root:x:0:\nnonroot:x:65532:\n',
    // Without it glibc uses DNS for names in /etc/hosts.
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  };
  for (const [name, text] of Object.entries(etc)) await writeFile(join(folder, 'etc', name), text);
}

/** Removes all other entries from a folder. A documentation folder that is a link stays as it is. */
async function keepOnly(folder: string, names: readonly string[]): Promise<void> {
  if ((await realpath(folder)) !== folder) return;
  for (const name of await readdir(folder))
    if (!names.includes(name)) await rm(join(folder, name), { recursive: true });
}

async function finishBuilder(folder: string, node: string, npm: string): Promise<void> {
  if (!existsSync(join(folder, 'bin/sh'))) await symlink('dash', join(folder, 'bin/sh'));
  const local = join(folder, 'usr/local');
  await mkdir(join(local, 'bin'), { recursive: true });
  await mkdir(join(local, 'lib/node_modules'), { recursive: true });
  await cp(node, join(local, 'bin/node'));
  await cp(npm, join(local, 'lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
}
