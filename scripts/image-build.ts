import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBases } from './image-bases.ts';
import { buildah, openStore, pruneStore } from './image-store.ts';
import { run } from './image-tools.ts';

/** Input and output of a build. */
export interface ImageOptions {
  /** Folder with the Dockerfile and the files that it copies. */
  readonly context: string;
  /** OCI layout to be written; emptied first. */
  readonly layout: string;
  /** Folder that keeps packages, bases and layers between runs. */
  readonly cache: string;
  /** Commit of the sources. */
  readonly revision: string;
  /** Seconds since 1970: the age of the image and of every file in it. */
  readonly epoch: number;
  /** Path of the Node that runs npm. */
  readonly node: string;
  /** Runs every step again, even if the store has its layer. @default false */
  readonly afresh?: boolean;
}

/**
 * Builds the Dockerfile without a container engine: buildah runs its steps in a chroot, on bases that are made from
 * Debian packages. It uses the apt and npm settings of the machine, with their mirrors.
 * @returns the tag of the image in the layout
 */
export async function buildImage(options: ImageOptions): Promise<string> {
  const { context, layout, epoch, revision, afresh = false } = options;
  const { version } = JSON.parse(await readFile(join(context, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const store = await openStore(options.cache);
  await pruneStore(store);
  const bases = await makeBases(store, options.node, epoch);
  const folder = await mkdtemp(join(tmpdir(), 'kube-image-bouncer-image-'));
  try {
    const given = [
      `--build-arg=BUILDER=${bases.builder}`,
      `--build-arg=RUNTIME=${bases.runtime}`,
      `--label=org.opencontainers.image.version=${version}`,
      `--label=org.opencontainers.image.revision=${revision}`,
    ];
    const identity = join(folder, 'id');
    const flags = [
      '--isolation=chroot',
      '--pull-never',
      '--format=oci',
      '--layers',
      `--timestamp=${epoch}`,
      `--iidfile=${identity}`,
      ...(afresh ? ['--no-cache'] : []),
    ];
    const secrets = await npmSecrets(folder);
    await buildah(store, ['bud', ...flags, ...given, ...secrets, `--file=${context}/Dockerfile`, context]);
    await rm(layout, { recursive: true, force: true });
    await buildah(store, ['push', await readFile(identity, 'utf8'), `oci:${layout}:${version}`]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return version;
}

/** The registry that this machine's npm uses, and its certificate authority. No layer contains them. */
async function npmSecrets(folder: string): Promise<readonly string[]> {
  const setting = async (name: string): Promise<string> => (await run('npm', ['config', 'get', name])).trim();
  const [registry, file] = await Promise.all([setting('registry'), setting('cafile')]);
  // The authority may be configured for Node instead of npm.
  const authority = file === 'null' ? process.env['NODE_EXTRA_CA_CERTS'] : file;
  const lines = [`registry=${registry}`, ...(authority ? ['cafile=/run/secrets/npm-authority'] : [])];
  const settings = join(folder, 'npmrc');
  await writeFile(settings, `${lines.join('\n')}\n`, { mode: 0o600 });
  return [
    `--secret=id=npmrc,src=${settings}`,
    ...(authority ? [`--secret=id=npm-authority,src=${authority}`] : []),
  ];
}
