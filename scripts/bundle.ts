import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A file of the bundle. */
interface BundledFile {
  readonly path: string;
  readonly bytes: number;
}

/** The program, and the programs of its threads. */
const PROGRAMS = [
  'src/cli/main.ts',
  'src/policy-source/policy-reader.ts',
  'src/check/judge-program.ts',
] as const;

/** CommonJS packages in the bundle call `require` for Node's own modules. ES modules have no `require`. */
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/**
 * Bundles the sources and the packages they use into a folder, which is emptied first. The output depends on
 * nothing but the sources and the lock file: no time, no source maps, no path of this machine.
 */
export async function bundle(root: string, folder: string): Promise<readonly BundledFile[]> {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...PROGRAMS],
    outdir: folder,
    // Each program is in the folder itself, where `programBeside` finds the programs of threads.
    entryNames: '[name]',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Lazily imported code stays in its own file: the X.509 code loads when a certificate is made.
    splitting: true,
    // Minified, because a cold start reads and compiles all of it. Names stay, so that stack traces are readable.
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  await writeFile(join(folder, 'third-party-licenses.txt'), await licences(root, inputs));
  const files = await Promise.all(
    (await readdir(folder)).toSorted().map(async (name) => ({
      path: name,
      bytes: (await readFile(join(folder, name))).length,
    })),
  );
  return files;
}

/** Most licences must be shipped with the code. */
async function licences(root: string, inputs: readonly string[]): Promise<string> {
  const packages = new Set(
    inputs.flatMap((input) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const texts = await Promise.all(
    [...packages].toSorted().map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(join(root, folder, 'package.json'), 'utf8'),
      ) as Record<'name' | 'version' | 'license', string>;
      const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? '' : await readFile(join(root, folder, file), 'utf8');
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    }),
  );
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
