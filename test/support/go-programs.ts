import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A process environment. A test passes its own one, because no code below reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Go programs could not be found or built. The message is one sentence with the remedy. */
export class GoError extends Error {
  override readonly name: string = 'GoError';
}

/** A Go module of this checkout and the programs that are built from it. */
export interface GoModule {
  /** The folder of its `go.mod`. */
  readonly folder: string;
  /** The folder in the cache that keeps the programs. Messages use it as a name as well. */
  readonly cache: string;
  /** The module whose version is the version of the programs, as `go.mod` requires it. */
  readonly required: string;
  /** Program name → Go package. */
  readonly programs: Readonly<Record<string, string>>;
  /** Source files in the module itself. */
  readonly sources?: readonly string[];
  /** @default none */
  readonly linkerFlags?: (version: string) => string;
  /** Another remedy for a user without Go, as a clause. */
  readonly otherwise?: string;
}

/**
 * With an empty cache and two cores, kube-apiserver takes six minutes. A slower machine gets more time; an endless
 * build is ended.
 */
const buildTimeoutMs = 45 * 60_000;

/**
 * The folder with the programs of a module, in a cache outside the checkout. Builds the programs if they are missing.
 *
 * @throws {GoError} if Go is missing or does not build them.
 */
export async function builtModule(module: GoModule, environment: Environment): Promise<string> {
  const [goMod = '', goSum = '', ...sources] = await Promise.all(
    ['go.mod', 'go.sum', ...(module.sources ?? [])].map((name) =>
      readFile(join(module.folder, name), 'utf8'),
    ),
  );
  const version = requiredVersion(goMod, module);
  const linkerFlags = module.linkerFlags?.(version) ?? '';
  // `go env` runs inside the module, because the `go` line of the module may select another toolchain.
  const toolchain = await go(['env', 'GOVERSION', 'GOOS', 'GOARCH'], module, environment);
  const key = createHash('sha256')
    .update(JSON.stringify([goMod, goSum, toolchain, linkerFlags, ...sources]))
    .digest('hex')
    .slice(0, 16);

  const cache = join(cacheRoot(environment), 'kube-image-bouncer', module.cache);
  const finished = join(cache, key);
  if (await exists(finished)) return finished;

  await mkdir(cache, { recursive: true });
  // On the same file system as its target, so that one rename makes all programs appear at once or not at all.
  const unfinished = await mkdtemp(join(cache, `building-${key}-`));
  try {
    await build(module, version, linkerFlags, unfinished, environment);
    await rename(unfinished, finished).catch(async (error: unknown) => {
      // Another test run built the same programs meanwhile.
      if (!(await exists(finished))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return finished;
}

/** Whether the path exists. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function build(
  module: GoModule,
  version: string,
  linkerFlags: string,
  output: string,
  environment: Environment,
): Promise<void> {
  for (const [name, goPackage] of Object.entries(module.programs)) {
    process.stderr.write(
      `${module.cache}: building ${name} ${version} (once; minutes when Go's build cache is cold)\n`,
    );
    const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', linkerFlags];
    await go(['build', ...flags, '-o', join(output, name), goPackage], module, environment);
  }
}

function requiredVersion(goMod: string, module: GoModule): string {
  for (const line of goMod.split('\n')) {
    const [first, second, third] = line.trim().split(/\s+/);
    if (first === module.required && second !== undefined) return second;
    if (first === 'require' && second === module.required && third !== undefined) return third;
  }
  throw new GoError(`The go.mod of ${module.cache} does not require ${module.required}.`);
}

function cacheRoot(environment: Environment): string {
  const xdg = environment['XDG_CACHE_HOME'];
  return xdg !== undefined && xdg !== '' ? xdg : join(environment['HOME'] ?? homedir(), '.cache');
}

/** Runs the Go command and returns its output. */
async function go(
  command: readonly string[],
  { cache, folder, otherwise }: GoModule,
  environment: Environment,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', command, {
      cwd: folder,
      // Without cgo no C compiler is needed, and the programs run with any libc. A go.work above the checkout is
      // ignored.
      env: { ...environment, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Not the option `timeout`, because its timer remains after a program that could not be started.
      signal: AbortSignal.timeout(buildTimeoutMs),
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', (error: NodeJS.ErrnoException) => {
      const sentence =
        error.code === 'ENOENT'
          ? `Go was not found, so the programs of ${cache} cannot be built: install Go 1.26 or newer${otherwise === undefined ? '' : `, or ${otherwise}`}.`
          : `go ${command.join(' ')} did not finish: ${error.message}.`;
      reject(new GoError(sentence, { cause: error }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new GoError(
            `go ${command[0] ?? ''} ended with ${signal ?? `exit code ${code}`} in ${folder}:\n${stderr.slice(-4000)}`,
          ),
        );
    });
  });
}
