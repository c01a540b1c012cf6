import { cp, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, type ImageOptions } from '../../scripts/image-build.ts';
import { readLayout, type BuiltImage } from '../../scripts/image-layout.ts';
import { missingForImages, run } from '../../scripts/image-tools.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { findingsIn, type RootFinding } from './root-findings.ts';

/** An image, and its files as a runtime would lay them out. */
export interface UnpackedImage extends BuiltImage {
  /** Folder of the unpacked files. */
  readonly root: string;
  /** Problems of the files, before a runtime creates its mount points. */
  readonly findings: readonly RootFinding[];
}

/** The commit in the labels of test images. */
export const REVISION = '0000000000000000000000000000000000000001';

/** The age of their files in seconds since 1970, as in `npm run image`, so that its layers are reused. */
export const EPOCH = 0;

const checkout = fileURLToPath(new URL('../..', import.meta.url));

const problem = await missingForImages(['buildah', 'umoci', 'runc', 'apt-get', 'apt-cache', 'dpkg-deb']);
// Skipped tests would be green on every machine without the tools.
if (problem !== undefined) throw new Error(problem);

/**
 * A copy of the files that the Dockerfile reads, so that two builds use the same sources even if a file is edited
 * meanwhile. The files of the copy have new times, because the image must not depend on them.
 */
async function copyContext(): Promise<string> {
  const { path } = await makeTemporaryFolder('context');
  const copied = (await readFile(join(checkout, '.dockerignore'), 'utf8'))
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  for (const name of ['Dockerfile', '.dockerignore', ...copied])
    await cp(join(checkout, name), join(path, name), { recursive: true });
  return path;
}

/** Builds the image of a context, and unpacks it with another program. */
export async function buildUnpacked(
  context: string,
  { afresh = false, revision = REVISION }: Partial<Pick<ImageOptions, 'afresh' | 'revision'>> = {},
): Promise<UnpackedImage> {
  const { path } = await makeTemporaryFolder('image');
  const layout = join(path, 'layout');
  const tag = await buildImage({
    context,
    layout,
    cache: join(homedir(), '.cache/kube-image-bouncer/image'),
    revision,
    epoch: EPOCH,
    node: process.execPath,
    afresh,
  });
  await run('umoci', ['unpack', '--image', `${layout}:${tag}`, join(path, 'bundle')]);
  const root = join(path, 'bundle/rootfs');
  return { ...(await readLayout(layout)), root, findings: await findingsIn(root) };
}

/** Inputs of every build of these tests. */
export const context = await copyContext();

/** Built once for all tests of a process. */
export const image: Promise<UnpackedImage> = buildUnpacked(context, { afresh: true });
