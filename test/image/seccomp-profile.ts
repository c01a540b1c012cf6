import { readFile } from 'node:fs/promises';

/** System calls and their action, in the format of a runtime. */
interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SystemCalls[];
}

/** A runtime ignores the conditions, which only an engine reads. */
interface SystemCalls {
  readonly names: readonly string[];
  readonly action: string;
  readonly args: readonly unknown[] | null;
  readonly errnoRet?: number;
  readonly includes: Condition;
  readonly excludes: Condition;
}

interface Condition {
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
}

interface EngineProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly archMap: readonly {
    readonly architecture: string;
    readonly subArchitectures: readonly string[];
  }[];
  readonly syscalls: readonly SystemCalls[];
}

/** The path of the profile in Debian's package `golang-github-containers-common`, which buildah needs. */
const ENGINE_PROFILE = '/usr/share/containers/seccomp.json';

const ARCHITECTURES: Readonly<Record<string, readonly [engine: string, seccomp: string]>> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
};

/** The default profile of engines for a process without capabilities. Kubernetes calls it `RuntimeDefault`. */
export async function runtimeDefault(): Promise<SeccompProfile> {
  const profile = JSON.parse(await readFile(ENGINE_PROFILE, 'utf8')) as EngineProfile;
  const [engine = '', seccomp = ''] = ARCHITECTURES[process.arch] ?? [];
  const family = profile.archMap.find(({ architecture }) => architecture === seccomp);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: [seccomp, ...(family?.subArchitectures ?? [])],
    syscalls: profile.syscalls.filter(({ includes, excludes }) => {
      const included = includes.caps === undefined && (includes.arches?.includes(engine) ?? true);
      return included && excludes.arches?.includes(engine) !== true;
    }),
  };
}
