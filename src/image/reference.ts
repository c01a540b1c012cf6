import { textFault } from './characters.ts';
import { digestFault, readsAsDigest } from './digest.ts';
import { DOCKER_HUB, isLegacyDockerHub, OFFICIAL_NAMESPACE } from './docker-hub.ts';
import type { Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import { fault, type Fault, quoted, type ReferenceErrorCode } from './fault.ts';
import { quote } from './quote.ts';
import { NAME_MAX, REPOSITORY, TAG, TEXT_MAX } from './grammar.ts';
import { isNumberForm, registryFault, transportFault } from './host.ts';
import { repositoryFault, tagFault } from './repository.ts';

export type { ReferenceErrorCode } from './fault.ts';

/**
 * An image reference as kubelet and containerd read it. Tag and digest are as written. If there is a digest, the runtime
 * ignores the tag.
 *
 * @see https://github.com/distribution/reference
 */
export interface ImageReference {
  readonly kind: 'image';
  /** The text that was parsed. */
  readonly original: string;
  /** Host and optional port; `docker.io` if the text names no registry or names `index.docker.io`. */
  readonly registry: string;
  /** Path below the registry. Docker Hub's official images are below `library/`. */
  readonly repository: string;
  /** The tag as written; `undefined` if there is none. */
  readonly tag: string | undefined;
  /** Algorithm and hexadecimal digits in lower case, such as `sha256:…`. */
  readonly digest: string | undefined;
  /** Whether the text names its registry. Otherwise the runtime adds one. */
  readonly fullyQualified: boolean;
}

/** A text that is not an image reference, or that parsers read as different images. */
export interface InvalidReference extends Objection<ReferenceErrorCode> {
  readonly kind: 'invalid';
  /** The text that was parsed. It may be long and may have any character, so do not put it into messages. */
  readonly original: string;
}

const DEFAULT_TAG = 'latest';
const NAMES_REGISTRY = /[.:A-Z]/;
const IDENTIFIER = /^[a-f0-9]{64}$/;

/**
 * Reads an image reference as `ParseNormalizedNamed` of distribution/reference v0.6 does. It refuses each text that this
 * function refuses. It also refuses each text that another parser on the way to the kubelet reads as another image: the
 * parser of docker in Kubernetes 1.20, go-containerregistry and WHATWG URL. It never throws. The time is linear in the
 * length of the text, and constant above 1024 characters.
 *
 * @see https://github.com/distribution/reference/blob/v0.6.0/normalize.go
 */
export function parseImageReference(text: string): ImageReference | InvalidReference {
  const { length } = text;
  if (length > TEXT_MAX) return refuse(text, fault('INVALID_REFERENCE.too-long', { length, max: TEXT_MAX }));
  const result = read(text);
  return result.kind === 'image' ? result : refuse(text, textFault(text) ?? result);
}

/**
 * The full name of an image: `registry/repository[:tag][@digest]`, with `:latest` if there is neither tag nor digest. The
 * canonical name of a canonical name is the same text.
 */
export function canonicalName(reference: ImageReference): string {
  const { registry, repository, digest } = reference;
  const tag = reference.tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The tag that the runtime would pull, by default `latest`; `undefined` if there is a digest, because the runtime then ignores the tag. */
export function effectiveTag(reference: ImageReference): string | undefined {
  return reference.digest === undefined ? (reference.tag ?? DEFAULT_TAG) : undefined;
}

function refuse(original: string, { code, reason, remedy }: Fault): InvalidReference {
  return { kind: 'invalid', original, code, reason, remedy };
}

function read(original: string): ImageReference | Fault {
  const at = original.indexOf('@');
  const named = at === -1 ? original : original.slice(0, at);
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  const fullyQualified = first === 'localhost' || NAMES_REGISTRY.test(first);
  const rest = fullyQualified ? named.slice(slash + 1) : named;
  const colon = rest.indexOf(':');

  const host = fullyQualified && !isLegacyDockerHub(first) ? first : DOCKER_HUB;
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const repository = host === DOCKER_HUB && !path.includes('/') ? OFFICIAL_NAMESPACE + path : path;
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  const digest = at === -1 ? undefined : original.slice(at + 1);

  const wrong =
    (fullyQualified ? registryFault(first) : unqualifiedFault(original, first)) ??
    (REPOSITORY.test(path) ? undefined : repositoryFault(path)) ??
    (tag === undefined || TAG.test(tag) ? undefined : tagFault(tag)) ??
    (digest === undefined ? undefined : digestFault(digest)) ??
    lengthFault(host, repository);
  return wrong ?? { kind: 'image', original, registry: host, repository, tag, digest, fullyQualified };
}

/** The fault of a text that names no registry and that some parsers read as an address or an image id. */
function unqualifiedFault(text: string, first: string): Fault | undefined {
  if (first !== '') {
    return isNumberForm(first) ? numberFault(text, quoted(first)) : undefined;
  }
  if (IDENTIFIER.test(text)) return fault('INVALID_REFERENCE.image-id');
  if (readsAsDigest(text)) return fault('AMBIGUOUS_REFERENCE.digest-or-name', { text: quoted(text) });
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : transportFault(text.slice(0, colon));
}

function numberFault(text: string, component: Shown): Fault {
  return text.length > 64
    ? fault('AMBIGUOUS_REFERENCE.number-first', { component })
    : fault('AMBIGUOUS_REFERENCE.number', { component, name: quote(`${DOCKER_HUB}/${text}`, 128) });
}

function lengthFault(registry: string, repository: string): Fault | undefined {
  const length = registry.length + 1 + repository.length;
  return length > NAME_MAX ? fault('INVALID_REFERENCE.name-too-long', { length, max: NAME_MAX }) : undefined;
}
