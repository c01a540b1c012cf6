import { fault, type Fault, quoted } from './fault.ts';

// Without "docker": its transport is written "docker://", and docker:dind is an image that people run.
const TRANSPORT =
  /^(?:atomic|containers-storage|dir|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball)$/;

/**
 * What is wrong with a word before a colon: skopeo, podman and buildah read it as the place where an image lies.
 *
 * @see https://github.com/containers/image/blob/v5.36.0/docs/containers-transports.5.md
 */
export function transportFault(word: string): Fault | undefined {
  return TRANSPORT.test(word)
    ? fault('AMBIGUOUS_REFERENCE.transport', { word: quoted(`${word}:`) })
    : undefined;
}
