/** The registry that an image without one comes from, as distribution/reference and containerd call it. */
export const DOCKER_HUB = 'docker.io';

/** Where Docker Hub keeps the images whose name has one component. */
export const OFFICIAL_NAMESPACE = 'library/';

const LEGACY = 'index.docker.io';

/**
 * Hosts whose images are Docker Hub's, though the grammar keeps their names apart.
 *
 * - registry-1.docker.io is where every runtime goes for `docker.io`, and registry.docker.io leads to it
 *   (https://github.com/docker/hub-tool/pull/107);
 * - registry.hub.docker.com answers the same API (https://github.com/docker/hub-feedback/issues/2113);
 * - hub.docker.com is the web site, where registry.hub.docker.com was once sent (same issue). It serves no image
 *   today, and can never serve anybody else's: no policy loses by reading it so.
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

/** The one other name that the grammar itself folds to `docker.io`. */
export function isLegacyDockerHub(registry: string): boolean {
  return registry === LEGACY;
}

/**
 * Whether the images of this registry are Docker Hub's. For rules that refuse: where a rule lets in, an alias is
 * another registry until the policy names it.
 */
export function isDockerHub(registry: string): boolean {
  return HOSTS_AND_PORTS.has(registry);
}
