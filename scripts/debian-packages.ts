import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './image-tools.ts';

/** A package that apt on this machine offers. */
interface DebianPackage {
  readonly file: string;
  readonly sha256: string;
}

const OFFER = /^'[^']+' (?<file>\S+) \d+ SHA256:(?<sha256>[0-9a-f]{64})$/;

/** The versions of packages that apt would install, from its verified lists. */
export async function offeredPackages(names: readonly string[]): Promise<readonly DebianPackage[]> {
  const offers = await run('apt-get', ['download', '--print-uris', ...names]);
  const lines = offers.trim().split('\n').toSorted();
  return lines.map((line) => {
    const { file, sha256 } = OFFER.exec(line)?.groups ?? {};
    if (file === undefined || sha256 === undefined)
      throw new Error(`apt-get download --print-uris: not understood: ${line}`);
    return { file, sha256 };
  });
}

/** Packages with all their dependencies. */
export async function withDependencies(names: readonly string[]): Promise<readonly string[]> {
  const tree = await run('apt-cache', ['depends', '--recurse', '--important', ...names]);
  // Indented lines are details of the package above. Each dependency also has its own line.
  return tree
    .split('\n')
    .filter((line) => /^[a-z0-9]/.test(line))
    .toSorted();
}

/** A key for a set of packages and other inputs, from their content. */
export function keyOf(packages: readonly DebianPackage[], others: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const text of [...packages.map(({ sha256 }) => sha256), ...others]) hash.update(`${text}\n`);
  return hash.digest('hex').slice(0, 16);
}

/**
 * Unpacks packages into a folder without running their scripts. Writes their descriptions below
 * `var/lib/dpkg/status.d`, which scanners read if there is no dpkg.
 * @param cache folder that keeps the downloads
 */
export async function unpackPackages(
  packages: readonly DebianPackage[],
  cache: string,
  folder: string,
): Promise<void> {
  const downloads = join(cache, `packages-${keyOf(packages)}`);
  if (!existsSync(downloads)) await download(packages, cache, downloads);
  const status = join(folder, 'var/lib/dpkg/status.d');
  await mkdir(status, { recursive: true });
  for (const name of (await readdir(downloads)).toSorted()) {
    const archive = join(downloads, name);
    await run('dpkg-deb', ['--extract', archive, folder]);
    const control = await run('dpkg-deb', ['--field', archive]);
    const field = /^Package: (\S+)$/m.exec(control)?.[1] ?? name;
    await writeFile(join(status, field), control, { mode: 0o644 });
  }
}

/** Downloads all or nothing, so that an interrupted run leaves no partial cache. */
async function download(packages: readonly DebianPackage[], cache: string, target: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'download-'));
  try {
    // apt downloads as its own user, which needs access to the folder.
    await chmod(folder, 0o755);
    const versions = packages.map(({ file }) => {
      const [name = '', version = ''] = file.split('_');
      return `${name}=${decodeURIComponent(version)}`;
    });
    await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...versions], { folder });
    await rename(folder, target);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
