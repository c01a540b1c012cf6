import { deepEqual, equal, ok } from 'node:assert/strict';

import {
  canonicalName,
  effectiveTag,
  type ImageReference,
  type InvalidReference,
} from '../../src/image/reference.ts';
import type { GoAnswer, GoImage } from './go-readers.ts';
import { documentedRefusal } from './only-we-refuse.ts';

/**
 * The class of a text in the report: `accepted`, `refused` by distribution/reference as well, or the documented name
 * of a refusal that only our parser makes.
 *
 * @throws {AssertionError} if the programs read the text differently, or if only our parser refuses it and the reason
 * is not documented.
 */
export function compare(read: ImageReference | InvalidReference, go: GoAnswer): string {
  if (read.kind === 'image') {
    compareImage(read, go);
    return 'accepted';
  }
  if (go.runtime === null) return 'refused';
  const name = documentedRefusal(read);
  ok(name !== undefined, `only we refuse it, for no documented reason: ${read.reason.key}`);
  return name;
}

/** An image, and how the Go programs read the text or a name that we render from the image. */
function compareImage(image: ImageReference, { runtime, kubelet, registryClient }: GoAnswer): void {
  const ours = inGo(image);
  deepEqual(runtime, ours, 'distribution/reference v0.6.0 reads it differently');
  // The kubelet of 1.24 refuses IPv6 hosts. Our parser accepts them.
  if (kubelet !== null || !image.registry.startsWith('[')) {
    deepEqual(kubelet, ours, 'docker/distribution v2.8.1 reads it differently');
  }
  const { registry, repository, pulled } = ours;
  const digested = image.digest !== undefined;
  const client = {
    registry,
    repository,
    // It drops a tag beside a digest, and writes implied parts.
    tag: digested ? '' : (effectiveTag(image) ?? ''),
    digest: ours.digest,
    pulled,
  };
  deepEqual(registryClient, client, 'go-containerregistry v0.22.1 reads it differently');
}

/** The names that we render from an image. Go must read each of them as the same image (B30). */
export function rendered(image: ImageReference): readonly string[] {
  const name = `${image.registry}/${image.repository}`;
  const tag = image.tag === undefined ? '' : `:${image.tag}`;
  const digest = image.digest === undefined ? '' : `@${image.digest}`;
  return [...new Set([canonicalName(image), name + tag + digest])];
}

/**
 * The expected reading by Go of a name that we rendered: with a tag where the canonical name writes the implied tag.
 */
export function compareRendered(image: ImageReference, text: string, go: GoAnswer): void {
  const tag = text === canonicalName(image) && image.digest === undefined ? effectiveTag(image) : image.tag;
  equal(inGo(image).pulled, go.runtime?.pulled, `${text} is pulled as another image`);
  compareImage({ ...image, tag }, go);
}

function inGo({ registry, repository, tag, digest }: ImageReference): GoImage {
  const name = `${registry}/${repository}`;
  return {
    registry,
    repository,
    tag: tag ?? '',
    digest: digest ?? '',
    pulled: digest === undefined ? `${name}:${tag ?? 'latest'}` : `${name}@${digest}`,
  };
}
