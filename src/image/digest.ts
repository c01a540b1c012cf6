import { type Fault, invalid, quoted } from './fault.ts';
import { ALGORITHM } from './grammar.ts';

const SUPPORTED = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
// What digest.Parse of opencontainers/go-digest takes, and so docker and containerd may take for an image id.
const KNOWN_TO_OTHERS = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/**
 * What is wrong with the text behind `@`; `undefined` when it is a sha256 or sha512 digest in lower case, the
 * algorithms that image-spec registers and registries serve.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export function digestFault(digest: string): Fault | undefined {
  return SUPPORTED.test(digest) ? undefined : explain(digest);
}

/** Whether the whole text of a reference could as well be the id of an image: `sha256:…` is also a name and a tag. */
export function readsAsDigest(text: string): boolean {
  return KNOWN_TO_OTHERS.test(text);
}

function explain(digest: string): Fault {
  if (digest === '') return invalid('the digest is empty', 'write a digest after "@" or remove the "@"');
  const colon = digest.indexOf(':');
  const algorithm = colon === -1 ? '' : digest.slice(0, colon);
  if (!ALGORITHM.test(algorithm)) {
    return invalid(
      `digest ${quoted(digest)} names no algorithm`,
      'write it as sha256: and 64 hexadecimal digits',
    );
  }
  const length = HEX_LENGTHS.get(algorithm);
  return length === undefined
    ? {
        kind: 'fault',
        code: 'UNSUPPORTED_DIGEST',
        reason: `digest algorithm ${quoted(algorithm)} is not supported`,
        remedy: 'use a sha256 or sha512 digest',
      }
    : encodedFault(algorithm, digest.slice(colon + 1), length);
}

function encodedFault(algorithm: string, encoded: string, length: number): Fault {
  const remedy = `write ${algorithm}: and ${length} hexadecimal digits in lower case`;
  if (encoded.length !== length) {
    return invalid(`the ${algorithm} digest has ${encoded.length} characters instead of ${length}`, remedy);
  }
  const wrong = encoded.charAt(encoded.search(/[^0-9a-f]/));
  return invalid(`the ${algorithm} digest has ${quoted(wrong)}, no hexadecimal digit in lower case`, remedy);
}
