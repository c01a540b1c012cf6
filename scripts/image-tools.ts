import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Program → the Debian package that has it. */
const TOOLS = {
  buildah: 'buildah',
  runc: 'runc',
  umoci: 'umoci',
  'apt-get': 'apt',
  'apt-cache': 'apt',
  'dpkg-deb': 'dpkg',
} as const;

export type Tool = keyof typeof TOOLS;

/** How a program is run. */
export interface RunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

const runFile = promisify(execFile);

/**
 * Answers what keeps an image from being built or booted here, as one sentence that says how to mend it.
 * @param tools that will be run
 */
export async function missingForImages(tools: readonly Tool[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0)
    return 'The image is built and booted by root alone: mounts and users are root’s to give.';
  const places = await Promise.all(tools.map(placeOf));
  const missing = tools.filter((_, index) => places[index] === undefined);
  if (missing.length === 0) return undefined;
  const packages = missing.map((tool) => TOOLS[tool]).join(' ');
  return `The image needs ${missing.join(', ')}: apt-get install -y --no-install-recommends ${packages}.`;
}

/** Where a program is installed; `undefined` when it is not. */
export async function placeOf(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const place = join(folder, program);
    try {
      await access(place, constants.X_OK);
      return place;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Runs a program to its end and returns what it printed; what it said on stderr is in the error when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  { variables, folder }: RunOptions = {},
): Promise<string> {
  try {
    const { stdout } = await runFile(program, args, {
      env: { ...process.env, ...variables },
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const said = stderr.trim().split('\n').slice(-25).join('\n');
    throw new Error(`${program} ${args[0] ?? ''} failed: ${said === '' ? message : said}`, { cause: error });
  }
}
