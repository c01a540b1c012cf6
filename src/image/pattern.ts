import {
  DOCKER_HUB,
  DOCKER_HUB_HOSTS,
  isDockerHub,
  isLegacyDockerHub,
  OFFICIAL_NAMESPACE,
} from './docker-hub.ts';
import { quoted } from './fault.ts';
import { matchesGlob } from './glob.ts';
import { checkPatternText, ImagePatternError, PatternFault, splitPattern } from './pattern-text.ts';
import type { ImageReference } from './reference.ts';
import { admitsEverybody, type DomainReader, openLabelOf } from './shared-registry.ts';

/**
 * The effect of a match. `opens`: it admits an image (`allowedImages`, an `exclude`, an exemption). The pattern matches
 * only if the image is certainly the named one. `closes`: it restricts an image (`disallowedImages`, the `match` of a
 * rule). The pattern matches the named image under each of its names.
 */
export type PatternUse = 'opens' | 'closes';

/** A pattern for images: `registry/path`. It compares whole host labels and path segments, and ignores tag and digest. */
export interface ImagePattern {
  /** The text in the policy. */
  readonly text: string;
  readonly use: PatternUse;
  /** The registry without port 443; `*` for every registry. */
  readonly registry: string;
  /** The labels of the registry if one of them has a wildcard. The last label includes the port. */
  readonly labels: readonly string[] | undefined;
  readonly segments: readonly string[];
  /** The segments to compare if the image is on Docker Hub under any of its names; `undefined` if only the written name counts. */
  readonly dockerHubSegments: readonly string[] | undefined;
}

const DEFAULT_PORT = ':443';

/**
 * Reads an image pattern. `*` matches any characters within one host label or one path segment. `**` as a segment
 * matches one or more whole segments. A pattern without wildcards names exactly one repository.
 *
 * @param readDomain only for a pattern that opens and has a wildcard in its registry: then the domain of a registry must
 * have no wildcard
 * @throws {ImagePatternError} if the text is not a pattern, cannot match anything, or matches more than its
 * author may expect. A pattern that opens must not have `*` as its registry.
 */
export function parseImagePattern(text: string, use: PatternUse, readDomain?: DomainReader): ImagePattern {
  const read = (candidate: string): ImagePattern => readPattern(candidate, use, readDomain);
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    const hint = proposalFor(error, read, MOST_REPAIRS) ?? error.advice;
    throw new ImagePatternError(error.code, error.message, hint, { cause: error });
  }
}

/** Whether the pattern admits images that anybody can publish, such as `docker.io/**`. */
function isOpenToEverybody({ use, registry, segments }: ImagePattern): boolean {
  return use === 'opens' && admitsEverybody(registry, segments);
}

/** A text may have several faults: `myuser/myapp**` names no registry, and has `**` beside other characters. */
const MOST_REPAIRS = 4;

/** The first repair that can be loaded, as a clause. A pattern that admits images of everybody is never proposed. */
function proposalFor(
  { repairs }: PatternFault,
  read: (text: string) => ImagePattern,
  depth: number,
): string | undefined {
  for (const text of depth === 0 ? [] : repairs) {
    try {
      const pattern = read(text);
      if (!isOpenToEverybody(pattern)) return `write ${text}`;
      const [registry = ''] = text.split('/');
      return `name your own part of ${registry}, as in ${registry}/my-organization/**`;
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      const proposal = proposalFor(error, read, depth - 1) ?? adviceWithPattern(error);
      if (proposal !== undefined) return proposal;
    }
  }
  return undefined;
}

/** The advice about a repair that is not accepted, if it helps with the text before the repair too. */
function adviceWithPattern({ code, advice }: PatternFault): string | undefined {
  return code === 'PATTERN_REGISTRY_TOO_BROAD' ? advice : undefined;
}

function readPattern(text: string, use: PatternUse, readDomain: DomainReader | undefined): ImagePattern {
  checkPatternText(text);
  const written = splitPattern(text);
  const registry = canonicalRegistry(written.registry);
  const { segments } = written;
  if (use === 'opens') checkOwner(text, registry, segments, readDomain);
  if (registry === DOCKER_HUB && segments.length === 1 && segments[0] !== '**')
    throw noNamespace(text, segments, use);
  const labels = registry.includes('*') && registry !== '*' ? registry.split('.') : undefined;
  const dockerHubSegments = use === 'closes' ? readOnDockerHub(registry, labels, segments) : undefined;
  return { text, use, registry, labels, segments, dockerHubSegments };
}

/** Whether a pattern matches an image. A registry is the same with port 443 and without a port. */
export function matchesImage(pattern: ImagePattern, reference: ImageReference): boolean {
  const { registry, repository } = reference;
  if (pattern.dockerHubSegments !== undefined && isDockerHub(registry)) {
    return matchesGlob(pattern.dockerHubSegments, withNamespace(repository), '/');
  }
  return matchesRegistry(pattern, registry) && matchesGlob(pattern.segments, repository, '/');
}

function matchesRegistry(pattern: ImagePattern, registry: string): boolean {
  if (pattern.registry === registry || pattern.registry === '*') return true;
  const portless = withoutDefaultPort(registry);
  return pattern.labels === undefined
    ? pattern.registry === portless
    : matchesGlob(pattern.labels, portless, '.');
}

/** The registry without port 443. */
export function withoutDefaultPort(registry: string): string {
  return registry.endsWith(DEFAULT_PORT) ? registry.slice(0, -DEFAULT_PORT.length) : registry;
}

/** The repository of an image on Docker Hub, in full: `library/nginx` for `nginx`. */
export function withNamespace(repository: string): string {
  return repository.includes('/') ? repository : OFFICIAL_NAMESPACE + repository;
}

/** The registry as the parser of references writes it, without port 443. */
function canonicalRegistry(registry: string): string {
  const portless = withoutDefaultPort(registry);
  return isLegacyDockerHub(portless) ? DOCKER_HUB : portless;
}

/** A pattern that closes and names Docker Hub by one of its hosts applies to all of them. */
function readOnDockerHub(
  registry: string,
  labels: readonly string[] | undefined,
  segments: readonly string[],
): readonly string[] | undefined {
  const named =
    registry === '*' ||
    isDockerHub(registry) ||
    (labels !== undefined && DOCKER_HUB_HOSTS.some((host) => matchesGlob(labels, host, '.')));
  if (!named) return undefined;
  return segments.length === 1 && segments[0] !== '**'
    ? [OFFICIAL_NAMESPACE.slice(0, -1), ...segments]
    : segments;
}

/** A pattern that opens must name the owner of the registry. */
function checkOwner(
  text: string,
  registry: string,
  segments: readonly string[],
  readDomain: DomainReader | undefined,
): void {
  const path = segments.join('/');
  if (registry === '*') {
    throw new PatternFault('PATTERN_REGISTRY_TOO_BROAD', text, 'admits images of every registry', {
      advice: `name the registries, as in registry.example.com/${path}`,
    });
  }
  const labels = registry.split('.');
  const open = openLabelOf(registry, readDomain);
  if (open === -1) return;
  const wildcard = labels[open] ?? '';
  const named = labels.map((label, index) => (index === open ? label.replaceAll('*', 'my-account') : label));
  const problem = `has ${quoted(wildcard)} in its registry where anybody can register a name`;
  const advice =
    open >= labels.length - 2
      ? `write the whole domain, as in *.example.com/${path}`
      : `write your own name there, as in ${named.join('.')}/${path}`;
  throw new PatternFault('PATTERN_REGISTRY_TOO_BROAD', text, problem, { advice });
}

function noNamespace(text: string, [segment = '']: readonly string[], use: PatternUse): PatternFault {
  const name = segment.startsWith('library') ? '*' : segment;
  const problem = 'matches nothing: repositories of Docker Hub have at least two components';
  const repair = `${DOCKER_HUB}/${OFFICIAL_NAMESPACE}${name}`;
  // In a pattern that opens, all of Docker Hub is never proposed.
  if (segment === '*' && use === 'closes') {
    const advice = `write ${repair}, or ${DOCKER_HUB}/** for all of it`;
    return new PatternFault('PATTERN_MATCHES_NOTHING', text, problem, { advice });
  }
  const remedies = { repairs: [repair], advice: `write ${repair}` };
  return new PatternFault('PATTERN_MATCHES_NOTHING', text, problem, remedies);
}
