import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { runtimeDefault } from './seccomp-profile.ts';
import type { UnpackedImage } from './built-image.ts';

/** The fields of a pod and its one container that a runtime uses. */
export interface PodSpec {
  readonly securityContext: {
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly fsGroup?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly containers: readonly [Container];
}

interface Container {
  readonly args: readonly string[];
  readonly resources: { readonly limits: { readonly memory: `${number}Mi` } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop: readonly string[] };
  };
  readonly volumeMounts: readonly VolumeMount[];
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** The environment of the container that its pod provides. */
export interface PodSurroundings {
  readonly image: UnpackedImage;
  /** Name of a volume → the folder that is mounted. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Replaces the entry point of the image. */
  readonly command?: readonly string[];
  /** Arguments after those of the pod. */
  readonly args?: readonly string[];
  /** Arguments that replace those of the pod. */
  readonly onlyArgs?: readonly string[];
  /** Writable folders, which are deleted afterwards. */
  readonly scratch?: readonly string[];
}

/** The default capabilities of Docker and containerd, for containers that drop none. */
const DEFAULT_CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_KILL', 'CAP_SETGID'];

/** The pod of a Deployment. */
export function podSpecOf({ spec }: KubernetesObject): PodSpec {
  return (spec as { readonly template: { readonly spec: PodSpec } }).template.spec;
}

/**
 * The container of a pod as runc needs it, made only from the pod. If the pod drops no capability, the container
 * keeps it. The network is that of the host. https://github.com/opencontainers/runtime-spec/blob/v1.1.0/config.md
 */
export async function runtimeSpecOf(pod: PodSpec, around: PodSurroundings): Promise<object> {
  const { config } = around.image.configuration;
  const { securityContext, containers } = pod;
  const [{ args, resources, securityContext: own, volumeMounts }] = containers;
  const capabilities = own.capabilities?.drop.includes('ALL') === true ? [] : DEFAULT_CAPABILITIES;
  const confined = securityContext.seccompProfile?.type === 'RuntimeDefault';
  return {
    ociVersion: '1.0.2',
    process: {
      user: {
        uid: securityContext.runAsUser,
        gid: securityContext.runAsGroup,
        additionalGids: securityContext.fsGroup === undefined ? [] : [securityContext.fsGroup],
      },
      args: [
        ...(around.command ?? config.Entrypoint ?? []),
        ...(around.onlyArgs ?? [...args, ...(around.args ?? [])]),
      ],
      env: config.Env ?? [],
      cwd: config.WorkingDir ?? '/',
      capabilities: Object.fromEntries(
        ['bounding', 'effective', 'permitted'].map((set) => [set, capabilities]),
      ),
      noNewPrivileges: own.allowPrivilegeEscalation === false,
    },
    root: { path: around.image.root, readonly: own.readOnlyRootFilesystem === true },
    mounts: [
      ...SYSTEM_MOUNTS,
      ...volumeMounts.map(bindMount(around)),
      ...(around.scratch ?? []).map(scratch(securityContext.runAsUser)),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      resources: { memory: { limit: Number.parseInt(resources.limits.memory, 10) * 1024 * 1024 } },
      ...(confined ? { seccomp: await runtimeDefault() } : {}),
    },
  };
}

const SYSTEM_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
];

function bindMount({ volumes }: PodSurroundings): (mount: VolumeMount) => object {
  return ({ name, mountPath, readOnly }) => ({
    destination: mountPath,
    type: 'bind',
    source: volumes[name],
    options: ['rbind', 'nosuid', 'nodev', 'noexec', ...(readOnly === true ? ['ro'] : [])],
  });
}

/** Uses the owner, because runc restores the old mode of a mount point that already exists. */
function scratch(uid: number): (destination: string) => object {
  return (destination) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', `uid=${uid}`],
  });
}
