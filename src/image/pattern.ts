import {
  DOCKER_HUB,
  DOCKER_HUB_HOSTS,
  isDockerHub,
  isLegacyDockerHub,
  OFFICIAL_NAMESPACE,
} from './docker-hub.ts';
import { quoted } from './fault.ts';
import { matchesGlob } from './glob.ts';
import { ImagePatternError } from './pattern-error.ts';
import { checkPatternText, splitPattern } from './pattern-text.ts';
import type { ImageReference } from './reference.ts';

/**
 * What a match does. `opens`: it lets an image in (`allowedImages`, an `exclude`, an exemption), so what is not
 * surely the named image does not match. `closes`: it holds an image to something (`disallowedImages`, a rule's
 * `match`), so every name of the named image matches.
 */
export type PatternUse = 'opens' | 'closes';

/**
 * Images as a policy names them: `registry/path`, matched on whole host labels and path segments, whatever the
 * tag and the digest.
 */
export interface ImagePattern {
  /** The text as the policy has it. */
  readonly text: string;
  readonly use: PatternUse;
  /** Without port 443; `*` for any. */
  readonly registry: string;
  /** The registry's labels when one has a wildcard; the last has the port. */
  readonly labels: readonly string[] | undefined;
  readonly segments: readonly string[];
  /** How the pattern reads Docker Hub's repositories under any of its names; `undefined` when names count. */
  readonly dockerHubSegments: readonly string[] | undefined;
}

const DEFAULT_PORT = ':443';

/**
 * Reads an image pattern: `*` stands for any run of characters within one host label or one path segment, `**`
 * as a segment for one or more whole segments; without either it names exactly one repository.
 *
 * @throws {ImagePatternError} for anything that is no such pattern, can match nothing, or matches more than it
 * seems to. `*` for any registry is refused where it opens.
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

/**
 * All images of a registry, as `--allowed-registries host[:port]` names it: the pattern `host/**`.
 *
 * @throws {ImagePatternError} when the text is no host, or more than one.
 */
export function registryPattern(host: string, use: PatternUse): ImagePattern {
  if (host.includes('/')) {
    throw new ImagePatternError(
      'PATTERN_REGISTRY_INVALID',
      `Registry ${quoted(host)} is more than a host.`,
      'write the host and its port only; a policy with allowedImages names repositories',
    );
  }
  return parseImagePattern(host === '' ? '' : `${host}/**`, use);
}

/** Whether the pattern names the image. Port 443 and no port are the same registry. */
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

/** Folds what the parser of references folds, and port 443. */
function canonicalRegistry(registry: string): string {
  const portless = withoutDefaultPort(registry);
  return isLegacyDockerHub(portless) ? DOCKER_HUB : portless;
}

/** A pattern that names Docker Hub by any of its hosts closes it under all of them. */
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
    `Pattern ${quoted(text)} lets images of every registry in.`,
    `name the registries, as in registry.example.com/${segments.join('/')}`,
  );
}

function noNamespace(text: string, [segment = '']: readonly string[]): ImagePatternError {
  const name = segment.startsWith('library') ? '*' : segment;
  return new ImagePatternError(
    'PATTERN_MATCHES_NOTHING',
    `Pattern ${quoted(text)} matches nothing: repositories of Docker Hub have two components at least.`,
    `write ${DOCKER_HUB}/${OFFICIAL_NAMESPACE}${name}${segment === '*' ? `, or ${DOCKER_HUB}/** for all of it` : ''}`,
  );
}
