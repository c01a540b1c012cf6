import { quote } from './quote.ts';
import { fault, type Fault, quoted } from './fault.ts';
import { ALGORITHM } from './grammar.ts';

const SUPPORTED = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
// Digests that `digest.Parse` of opencontainers/go-digest accepts. Docker and containerd may read them as an image id.
const KNOWN_TO_OTHERS = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/**
 * The fault of the text after `@`; `undefined` for a sha256 or sha512 digest in lower case. Registries serve these two
 * algorithms, and image-spec registers them.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export function digestFault(digest: string): Fault | undefined {
  return SUPPORTED.test(digest) ? undefined : explain(digest);
}

/** Whether the whole text of a reference could also be the id of an image. `sha256:…` is also a name with a tag. */
export function readsAsDigest(text: string): boolean {
  return KNOWN_TO_OTHERS.test(text);
}

function explain(digest: string): Fault {
  if (digest === '') return fault('INVALID_REFERENCE.digest-empty');
  const colon = digest.indexOf(':');
  const algorithm = colon === -1 ? '' : digest.slice(0, colon);
  if (!ALGORITHM.test(algorithm))
    return fault('INVALID_REFERENCE.digest-without-algorithm', { digest: quoted(digest) });
  const digits = HEX_LENGTHS.get(algorithm);
  return digits === undefined
    ? fault('UNSUPPORTED_DIGEST.algorithm', { algorithm: quoted(algorithm) })
    : encodedFault(algorithm, digest.slice(colon + 1), digits);
}

function encodedFault(name: string, encoded: string, digits: number): Fault {
  const algorithm = quote(name);
  const { length } = encoded;
  if (length !== digits) return fault('INVALID_REFERENCE.digest-length', { algorithm, length, digits });
  const character = quoted(encoded.charAt(encoded.search(/[^0-9a-f]/)));
  return fault('INVALID_REFERENCE.digest-character', { algorithm, character, digits });
}
