import { DOCKER_HUB_HOSTS } from './docker-hub.ts';
import { matchesGlob } from './glob.ts';

/**
 * The domain below a public suffix that contains a host; `null` if the host is a public suffix itself. It is the function
 * `getDomain` of `tldts` with private suffixes such as `github.io`.
 */
export type DomainReader = (host: string) => string | null;

/** Domains of registries below which each customer has a host of their own. The Public Suffix List has none of them. */
const TENANT_DOMAINS: readonly (readonly string[])[] = [
  'azurecr.io',
  'azurecr.cn',
  'azurecr.us',
  'dkr.ecr.*.amazonaws.com',
  'dkr.ecr.*.amazonaws.com.cn',
  'dkr-ecr.*.on.aws',
  'jfrog.io',
  'tencentcloudcr.com',
  '*.cr.aliyuncs.com',
  'container-registry.ovh.net',
].map((domain) => domain.split('.'));

/** Hosts on which each customer has a first path segment of their own. */
const SHARED_HOSTS: readonly (readonly string[])[] = [
  ...DOCKER_HUB_HOSTS,
  'quay.io',
  'ghcr.io',
  'gcr.io',
  'us.gcr.io',
  'eu.gcr.io',
  'asia.gcr.io',
  '*-docker.pkg.dev',
  'public.ecr.aws',
  'registry.gitlab.com',
  'registry.digitalocean.com',
  'docker.cloudsmith.io',
  'icr.io',
  '*.icr.io',
  '*.ocir.io',
  '*.vultrcr.com',
  'rg.*.scw.cloud',
  'registry.*.aliyuncs.com',
].map((host) => host.split('.'));

/**
 * The index of a label with a wildcard that stands for a name which anybody can register; -1 if there is none.
 * `readDomain` finds the domains that are for sale, and those of hosting services. Without it only registries are known.
 */
export function openLabelOf(registry: string, readDomain: DomainReader | undefined): number {
  if (!registry.includes('*')) return -1;
  const labels = labelsOf(registry);
  const domain = readDomain?.(labels.map((label) => label.replaceAll('*', 'x')).join('.'));
  const registered = domain === null ? labels.length : (domain?.split('.').length ?? 0);
  const start = labels.length - Math.max(2, registered);
  const open = labels.findIndex((label, index) => index >= start && label.includes('*'));
  if (open !== -1) return open;
  const indices = TENANT_DOMAINS.map((tenants) => openTenantOf(labels, tenants));
  return indices.find((index) => index !== -1) ?? -1;
}

/** The name of the customer comes before the domain. In the domain only a region may be a wildcard. */
function openTenantOf(labels: readonly string[], tenants: readonly string[]): number {
  const offset = labels.length - tenants.length;
  const isBelow =
    offset > 0 && tenants.every((label, index) => overlaps(labels[offset + index] ?? '', label));
  if (!isBelow) return -1;
  return labels.findIndex(
    (label, index) => index >= offset - 1 && label.includes('*') && tenants[index - offset] !== '*',
  );
}

/** Whether the first path segment of a pattern is a wildcard on a host where anybody can get a name. */
export function admitsEverybody(registry: string, segments: readonly string[]): boolean {
  if (segments[0]?.includes('*') !== true) return false;
  const labels = labelsOf(registry);
  return SHARED_HOSTS.some(
    (host) =>
      host.length === labels.length && host.every((label, index) => overlaps(labels[index] ?? '', label)),
  );
}

function labelsOf(registry: string): readonly string[] {
  return registry.replace(/:\d+$/, '').split('.');
}

/** Whether two labels with wildcards can be the same label. One letter stands for each wildcard of the other side. */
function overlaps(one: string, other: string): boolean {
  return (
    matchesGlob([one], other.replaceAll('*', 'x'), '.') || matchesGlob([other], one.replaceAll('*', 'x'), '.')
  );
}
