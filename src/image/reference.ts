import { textFault } from './characters.ts';
import { digestFault, readsAsDigest } from './digest.ts';
import { DOCKER_HUB, isLegacyDockerHub, OFFICIAL_NAMESPACE } from './docker-hub.ts';
import type { Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import { fault, type Fault, quoted, type ReferenceErrorCode } from './fault.ts';
import { quote } from './quote.ts';
import { NAME_MAX, REPOSITORY, TAG, TEXT_MAX } from './grammar.ts';
import { isNumberForm, registryFault } from './host.ts';
import { transportFault } from './transport.ts';
import { repositoryFault, tagFault } from './repository.ts';

export type { ReferenceErrorCode } from './fault.ts';

/**
 * An image as kubelet and containerd understand it. Tag and digest are both kept as written; with a digest
 * the runtime does not look at the tag.
 *
 * @see https://github.com/distribution/reference
 */
export interface ImageReference {
  readonly kind: 'image';
  /** The text as it was given. */
  readonly original: string;
  /** Host and optional port; `docker.io` when the text names none, or names `index.docker.io`. */
  readonly registry: string;
  /** Path below the registry; Docker Hub's official images stand under `library/`. */
  readonly repository: string;
  /** The tag as written; `undefined` when none was. */
  readonly tag: string | undefined;
  /** Algorithm and lower-case hexadecimal digits, as in `sha256:…`. */
  readonly digest: string | undefined;
  /** False when the registry was implied: the runtime would add it. */
  readonly fullyQualified: boolean;
}

/** A text that is no image, or not the same image to everyone who reads it. */
export interface InvalidReference extends Objection<ReferenceErrorCode> {
  readonly kind: 'invalid';
  /** The text as it was given, of any length and with any character: not for messages. */
  readonly original: string;
}

const DEFAULT_TAG = 'latest';
const NAMES_REGISTRY = /[.:A-Z]/;
const IDENTIFIER = /^[a-f0-9]{64}$/;

/**
 * Reads an image reference as `ParseNormalizedNamed` of distribution/reference v0.6 does, and refuses what that
 * refuses or what another parser between here and the kubelet (docker's in Kubernetes 1.20, go-containerregistry,
 * WHATWG URL) reads as something else. Never throws; takes time linear in the text, constant above 1024 characters.
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
 * The one name of an image: `registry/repository[:tag][@digest]`, with `:latest` where there is neither tag nor
 * digest. Parsing it gives the same canonical name again.
 */
export function canonicalName(reference: ImageReference): string {
  const { registry, repository, digest } = reference;
  const tag = reference.tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The tag that the runtime would pull: `undefined` with a digest, which makes the tag decoration; else `latest` by default. */
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

/** What is wrong with a text that names no registry: some read an address or the id of an image in it. */
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
