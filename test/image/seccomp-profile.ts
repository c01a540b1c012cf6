import { readFile } from 'node:fs/promises';

/** System calls and what becomes of them, as a runtime takes it. */
interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SystemCalls[];
}

/** A runtime passes over the conditions, which are the engine's. */
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

/** Where Debian's package `golang-github-containers-common`, which buildah needs, has the profile. */
const ENGINE_PROFILE = '/usr/share/containers/seccomp.json';

const ARCHITECTURES: Readonly<Record<string, readonly [engine: string, seccomp: string]>> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
};

/** What engines call their default, and Kubernetes `RuntimeDefault`, for a process without capabilities. */
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
