/** The minor version of Kubernetes, on which fields and kinds depend. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
  /** The original text: `v1.24.17`. */
  readonly text: string;
}

/** The newest version that the gate knows; newer ones are treated like it. */
export const NEWEST_KUBERNETES: KubernetesVersion = { major: 1, minor: 37, text: 'v1.37' };

/** Whether a version is 1.24 or newer. */
export function isSupported(version: KubernetesVersion): boolean {
  return isAtLeast(version, 1, 24);
}

/** The version in `v1.24.17`, `1.37` or `v1.29.3-gke.100`; `undefined` for anything else. */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?=$|[.+-])/.exec(text) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), text };
}

/** Whether `version` is `major.minor` or newer. */
export function isAtLeast(version: KubernetesVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
