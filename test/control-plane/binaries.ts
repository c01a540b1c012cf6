import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { builtModule, type Environment, exists, GoError, type GoModule } from '../support/go-programs.ts';

export type { Environment };

/** A Kubernetes minor version that has its own Go module in this folder: `kubernetes-<version>/`. */
export type KubernetesVersion = 'v1.24' | 'v1.37';

/** The Kubernetes version of a test that names no version. */
export const newestKubernetes: KubernetesVersion = 'v1.37';

/** The oldest supported version. */
export const oldestKubernetes: KubernetesVersion = 'v1.24';

/** Paths of the programs of a control plane, and of kubectl. */
export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
}

/** The binaries could not be found. The message is one sentence with the remedy. */
class BinariesError extends GoError {
  override readonly name = 'BinariesError';
}

const assetNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

/**
 * Finds etcd, kube-apiserver, kube-controller-manager and kubectl in the folder of `KUBEBUILDER_ASSETS` (for the
 * newest Kubernetes; `KUBEBUILDER_ASSETS_V1_24` for 1.24). Without the variable it uses a cache outside the checkout,
 * into which Go builds the programs once from their published modules.
 *
 * @throws {GoError} if a program is missing and cannot be built.
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

/** A folder contains programs of one version. A test of another version would prove nothing with them. */
function assetsVariable(version: KubernetesVersion): string {
  const suffix = version === newestKubernetes ? '' : `_${version.toUpperCase().replace('.', '_')}`;
  return `KUBEBUILDER_ASSETS${suffix}`;
}

async function findAssets(variable: string, folder: string): Promise<Binaries> {
  for (const name of assetNames) {
    if (!(await exists(join(folder, name)))) {
      throw new BinariesError(
        `${variable} is ${folder}, which does not contain ${name}: put it there, or unset ${variable} to have Go build all four programs.`,
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

// etcd has its own module, because it and Kubernetes require versions of shared dependencies that do not build
// together.
const etcdModule: GoModule = {
  ...controlPlane('etcd'),
  required: 'go.etcd.io/etcd/server/v3',
  programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  linkerFlags: () => '-s -w',
};

function kubernetesModule(version: KubernetesVersion): GoModule {
  return {
    ...controlPlane(`kubernetes-${version}`),
    required: 'k8s.io/kubernetes',
    programs: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
    linkerFlags: versionFlags,
  };
}

function controlPlane(folder: string): Pick<GoModule, 'folder' | 'cache' | 'otherwise'> {
  return {
    folder: fileURLToPath(new URL(`./${folder}`, import.meta.url)),
    cache: 'control-plane',
    otherwise: `set KUBEBUILDER_ASSETS to a folder with ${assetNames.join(', ')}`,
  };
}

/**
 * Programs that are built from modules report the version `v0.0.0-master`. Kubernetes' own build sets the version in
 * the same way.
 */
function versionFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) => [
    `-X ${name}.gitVersion=${version}`,
    `-X ${name}.gitMajor=${major}`,
    `-X ${name}.gitMinor=${minor}`,
  ]);
  return ['-s', '-w', ...stamps].join(' ');
}
