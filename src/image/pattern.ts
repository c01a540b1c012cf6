import {
  DOCKER_HUB,
  DOCKER_HUB_HOSTS,
  isDockerHub,
  isLegacyDockerHub,
  OFFICIAL_NAMESPACE,
} from './docker-hub.ts';
import { quoted } from './fault.ts';
import { matchesGlob } from './glob.ts';
import { checkPatternText, ImagePatternError, splitPattern } from './pattern-text.ts';
import type { ImageReference } from './reference.ts';

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
 * @throws {ImagePatternError} if the text is not a pattern, cannot match anything, or matches more than its
 * author may expect. A pattern that opens must not have `*` as its registry.
 */
export function parseImagePattern(text: string, use: PatternUse): ImagePattern {
  checkPatternText(text);
  const written = splitPattern(text);
  const registry = canonicalRegistry(written.registry);
  const { segments } = written;
  if (registry === '*' && use === 'opens') throw anyRegistry(text, segments);
  if (registry === DOCKER_HUB && segments.length === 1 && segments[0] !== '**')
    throw noNamespace(text, segments);
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

function withoutDefaultPort(registry: string): string {
  return registry.endsWith(DEFAULT_PORT) ? registry.slice(0, -DEFAULT_PORT.length) : registry;
}

function withNamespace(repository: string): string {
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

function anyRegistry(text: string, segments: readonly string[]): ImagePatternError {
  return new ImagePatternError(
    'PATTERN_REGISTRY_TOO_BROAD',
    `Pattern ${quoted(text)} admits images of every registry.`,
    `name the registries, as in registry.example.com/${segments.join('/')}`,
  );
}

function noNamespace(text: string, [segment = '']: readonly string[]): ImagePatternError {
  const name = segment.startsWith('library') ? '*' : segment;
  return new ImagePatternError(
    'PATTERN_MATCHES_NOTHING',
    `Pattern ${quoted(text)} matches nothing: repositories of Docker Hub have at least two components.`,
    `write ${DOCKER_HUB}/${OFFICIAL_NAMESPACE}${name}${segment === '*' ? `, or ${DOCKER_HUB}/** for all of it` : ''}`,
  );
}
