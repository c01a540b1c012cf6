import { DocumentError } from './yaml.ts';

/**
 * The text of a file. Bytes that are no UTF-8 are refused: a reader that replaces them reads another text than
 * the one that was written. A byte order mark is left out.
 * @throws {DocumentError} DOCUMENT_SYNTAX, at the first such byte.
 */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const before = readableLines(bytes);
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new DocumentError(`${file}:${line}:${column}: these bytes are not UTF-8 (save the file as UTF-8)`, {
      cause,
    });
  }
}

/** The lines up to the first byte that is no UTF-8. */
function readableLines(bytes: Uint8Array): string[] {
  // A decoder that streams gives what it has understood; halving finds where that ends.
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isReadable(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return new TextDecoder('utf-8').decode(bytes.subarray(0, good), { stream: true }).split('\n');
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    // Streaming, since a prefix may end in the middle of a character.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
