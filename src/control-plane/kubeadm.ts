import { renderYaml } from '../document/render.ts';
import { IMAGE_POLICY_PLUGIN } from './api-server-manifest.ts';
import { VOLUME } from './api-server-wiring.ts';

/** Versions of the configuration of kubeadm: flags are a map until 1.30, and a list since then. */
export type KubeadmVersion = 'v1beta3' | 'v1beta4';

/** The version that the kubeadm of Kubernetes 1.x writes. v1beta4 exists since 1.31, v1beta3 since 1.22. */
export function kubeadmVersionOf(minor: number): KubeadmVersion {
  return minor >= 31 ? 'v1beta4' : 'v1beta3';
}

interface KubeadmOptions {
  /** All plugins to enable, because kubeadm replaces the whole flag. */
  readonly plugins: readonly string[];
  readonly configurationFile: string;
  readonly folder: string;
}

/**
 * The parts to add to the `ClusterConfiguration` of the cluster. They are needed because `kubeadm upgrade` writes the
 * manifest of the API server again.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
 */
export function renderKubeadmConfiguration(version: KubeadmVersion, options: KubeadmOptions): string {
  const flags = {
    'enable-admission-plugins': options.plugins.join(','),
    'admission-control-config-file': options.configurationFile,
  };
  const list = Object.entries(flags).map(([name, value]) => ({ name, value }));
  return renderYaml({
    apiVersion: `kubeadm.k8s.io/${version}`,
    kind: 'ClusterConfiguration',
    apiServer: {
      extraArgs: version === 'v1beta4' ? list : flags,
      extraVolumes: [
        {
          name: VOLUME,
          hostPath: options.folder,
          mountPath: options.folder,
          readOnly: true,
          pathType: 'DirectoryOrCreate',
        },
      ],
    },
  });
}

/**
 * The wiring as a patch for `kubeadm … --patches`. It is a JSON patch, because a strategic merge patch would replace
 * all flags. kube-apiserver adds the plugins of a second `--enable-admission-plugins` to those of the first.
 *
 * @see https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches
 */
export function renderKubeadmPatch({ configurationFile, folder }: Omit<KubeadmOptions, 'plugins'>): string {
  const container = '/spec/containers/0';
  const add = (path: string, value: unknown): object => ({ op: 'add', path, value });
  return renderYaml([
    add(`${container}/command/-`, `--enable-admission-plugins=${IMAGE_POLICY_PLUGIN}`),
    add(`${container}/command/-`, `--admission-control-config-file=${configurationFile}`),
    add(`${container}/volumeMounts/-`, { name: VOLUME, mountPath: folder, readOnly: true }),
    add('/spec/volumes/-', { name: VOLUME, hostPath: { path: folder, type: 'DirectoryOrCreate' } }),
  ]);
}
