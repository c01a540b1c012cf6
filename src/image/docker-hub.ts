/** The registry of an image without a registry. distribution/reference and containerd use this name. */
export const DOCKER_HUB = 'docker.io';

/** Docker Hub's namespace for images whose name has one component. */
export const OFFICIAL_NAMESPACE = 'library/';

const LEGACY = 'index.docker.io';

/**
 * Hosts of Docker Hub. The grammar treats them as different registries.
 *
 * - registry-1.docker.io: every runtime connects to it for `docker.io`. registry.docker.io redirects to it
 *   (https://github.com/docker/hub-tool/pull/107).
 * - registry.hub.docker.com: it serves the same API (https://github.com/docker/hub-feedback/issues/2113).
 * - hub.docker.com: the web site. registry.hub.docker.com was once redirected there (same issue). It serves no images
 *   today. If it ever does, they are Docker Hub's, so this entry is safe.
 */
const HOSTS = [
  DOCKER_HUB,
  LEGACY,
  'registry-1.docker.io',
  'registry.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
];

const HOSTS_AND_PORTS: ReadonlySet<string> = new Set(HOSTS.flatMap((host) => [host, `${host}:443`]));

/** All hosts of Docker Hub, without ports. */
export const DOCKER_HUB_HOSTS: readonly string[] = HOSTS;

/** Whether the registry is `index.docker.io`, the only other name that the grammar itself changes to `docker.io`. */
export function isLegacyDockerHub(registry: string): boolean {
  return registry === LEGACY;
}

/**
 * Whether the registry is Docker Hub under any of its names. Only for rules that refuse images. For a rule that allows
 * images, each name is a registry of its own.
 */
export function isDockerHub(registry: string): boolean {
  return HOSTS_AND_PORTS.has(registry);
}
