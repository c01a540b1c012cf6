import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A Kubernetes minor version that has a Go module of its own in this folder: `kubernetes-<version>/`. */
export type KubernetesVersion = 'v1.24' | 'v1.37';

/** The Kubernetes version that a test runs on when it names none. */
export const newestKubernetes: KubernetesVersion = 'v1.37';

/** The oldest that we support. */
export const oldestKubernetes: KubernetesVersion = 'v1.24';

/** Paths of the four programs that make a control plane and talk to it. */
export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
}

/** A process environment; a test passes its own, nothing below reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The binaries could not be found or built; the message is one sentence that says what to do. */
export class BinariesError extends Error {
  override readonly name = 'BinariesError';
}

/** A Go module of this folder and the programs that are built from it. */
interface Module {
  readonly folder: string;
  /** The module whose version names the programs, as `go.mod` requires it. */
  readonly required: string;
  /** Program name → Go package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly linkerFlags: (version: string) => string;
}

/** Cold on two cores, kube-apiserver takes six minutes; a slower machine deserves its time, an endless build does not. */
const buildTimeoutMs = 45 * 60_000;

const assetNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

/**
 * Finds etcd, kube-apiserver, kube-controller-manager and kubectl: in the folder that `KUBEBUILDER_ASSETS` names (the
 * newest Kubernetes; `KUBEBUILDER_ASSETS_V1_24` that one), otherwise in a cache outside the tree, into which Go builds
 * them once from their published modules.
 *
 * @throws {BinariesError} when a program is missing and cannot be built.
 */
export async function findBinaries(
  environment: Environment,
  version: KubernetesVersion = newestKubernetes,
): Promise<Binaries> {
  const variable = assetsVariable(version);
  const assets = environment[variable];
  if (assets !== undefined && assets !== '') return findAssets(variable, assets);
  const etcd = await builtModule(etcdModule, environment);
  const kubernetes = await builtModule(kubernetesModule(version), environment);
  return {
    etcd: join(etcd, 'etcd'),
    kubeApiserver: join(kubernetes, 'kube-apiserver'),
    kubeControllerManager: join(kubernetes, 'kube-controller-manager'),
    kubectl: join(kubernetes, 'kubectl'),
  };
}

/** A folder holds programs of one version; a test that asked for another would prove nothing. */
function assetsVariable(version: KubernetesVersion): string {
  const suffix = version === newestKubernetes ? '' : `_${version.toUpperCase().replace('.', '_')}`;
  return `KUBEBUILDER_ASSETS${suffix}`;
}

async function findAssets(variable: string, folder: string): Promise<Binaries> {
  for (const name of assetNames) {
    if (!(await exists(join(folder, name)))) {
      throw new BinariesError(
        `${variable} is ${folder}, which holds no ${name}: put it there, or unset ${variable} to have Go build all four programs.`,
      );
    }
  }
  return {
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
    kubeControllerManager: join(folder, 'kube-controller-manager'),
    kubectl: join(folder, 'kubectl'),
  };
}

// A module apart from Kubernetes': the two require versions of shared dependencies that do not build together.
const etcdModule: Module = {
  folder: 'etcd',
  required: 'go.etcd.io/etcd/server/v3',
  programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  linkerFlags: () => '-s -w',
};

function kubernetesModule(version: KubernetesVersion): Module {
  return {
    folder: `kubernetes-${version}`,
    required: 'k8s.io/kubernetes',
    programs: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
    linkerFlags: versionFlags,
  };
}

/** Built from modules, the programs would call themselves `v0.0.0-master`; Kubernetes' own build stamps them the same way. */
function versionFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) => [
    `-X ${name}.gitVersion=${version}`,
    `-X ${name}.gitMajor=${major}`,
    `-X ${name}.gitMinor=${minor}`,
  ]);
  return ['-s', '-w', ...stamps].join(' ');
}

/** The folder that holds a module's programs, built now if they were not yet. */
async function builtModule(module: Module, environment: Environment): Promise<string> {
  const source = fileURLToPath(new URL(`./${module.folder}`, import.meta.url));
  const goMod = await readFile(join(source, 'go.mod'), 'utf8');
  const goSum = await readFile(join(source, 'go.sum'), 'utf8');
  const version = requiredVersion(goMod, module.required);
  const linkerFlags = module.linkerFlags(version);
  // `go env` is asked inside the module, where its `go` line may choose another toolchain.
  const toolchain = await go(['env', 'GOVERSION', 'GOOS', 'GOARCH'], source, environment);
  const key = createHash('sha256')
    .update(JSON.stringify([goMod, goSum, toolchain, linkerFlags]))
    .digest('hex')
    .slice(0, 16);

  const cache = join(cacheRoot(environment), 'kube-image-bouncer', 'control-plane');
  const finished = join(cache, key);
  if (await exists(finished)) return finished;

  await mkdir(cache, { recursive: true });
  // On the same file system as its goal, so that one rename makes all programs appear at once or not at all.
  const unfinished = await mkdtemp(join(cache, `building-${key}-`));
  try {
    for (const [name, goPackage] of Object.entries(module.programs)) {
      process.stderr.write(
        `control plane: building ${name} ${version} (once; minutes when Go's build cache is cold)\n`,
      );
      const output = join(unfinished, name);
      const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', linkerFlags];
      await go(['build', ...flags, '-o', output, goPackage], source, environment);
    }
    await rename(unfinished, finished).catch(async (error: unknown) => {
      // Another test run built the same programs meanwhile.
      if (!(await exists(finished))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return finished;
}

function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split('\n')) {
    const [first, second, third] = line.trim().split(/\s+/);
    if (first === module && second !== undefined) return second;
    if (first === 'require' && second === module && third !== undefined) return third;
  }
  throw new BinariesError(`The control plane's go.mod does not require ${module}.`);
}

function cacheRoot(environment: Environment): string {
  const xdg = environment['XDG_CACHE_HOME'];
  return xdg !== undefined && xdg !== '' ? xdg : join(environment['HOME'] ?? homedir(), '.cache');
}

/** Runs the Go command and gives what it printed. */
async function go(command: readonly string[], folder: string, environment: Environment): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', command, {
      cwd: folder,
      // Without cgo no C compiler is needed and the programs run on any libc; a go.work above the tree is none of ours.
      env: { ...environment, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Not `timeout`, whose timer outlives a program that could not be started.
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
          ? 'Go was not found, so the control plane of the end-to-end tests cannot be built: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl.'
          : `go ${command.join(' ')} did not finish: ${error.message}.`;
      reject(new BinariesError(sentence, { cause: error }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new BinariesError(
            `go ${command[0] ?? ''} ended with ${signal ?? `exit code ${code}`} in ${folder}:\n${stderr.slice(-4000)}`,
          ),
        );
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
