import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Program → its Debian package. */
const TOOLS = {
  buildah: 'buildah',
  runc: 'runc',
  umoci: 'umoci',
  'apt-get': 'apt',
  'apt-cache': 'apt',
  'dpkg-deb': 'dpkg',
} as const;

type Tool = keyof typeof TOOLS;

/** Environment and working folder of a program. */
interface RunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

const runFile = promisify(execFile);

/**
 * The reason why an image cannot be built or started here, as one sentence with the remedy; `undefined` if it can.
 * @param tools programs that are needed
 */
export async function missingForImages(tools: readonly Tool[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0)
    return 'Only root can build and start the image, because it needs mounts and users.';
  const places = await Promise.all(tools.map(placeOf));
  const missing = tools.filter((_, index) => places[index] === undefined);
  if (missing.length === 0) return undefined;
  const packages = missing.map((tool) => TOOLS[tool]).join(' ');
  return `The image needs ${missing.join(', ')}: apt-get install -y --no-install-recommends ${packages}.`;
}

/** Path of a program in the PATH; `undefined` if it is not found. */
export async function placeOf(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const place = join(folder, program);
    try {
      await access(place, constants.X_OK);
      return place;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Runs a program and returns its stdout.
 * @throws {Error} if it fails, with the end of its stderr
 */
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
