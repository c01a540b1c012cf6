import { DocumentError } from './text-document.ts';

/**
 * Decodes the text of a file, without its byte order mark. Bytes that are not UTF-8 are refused, because a decoder that
 * replaces them changes the text.
 * @throws {DocumentError} DOCUMENT_SYNTAX with the position of the first wrong byte.
 */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const before = readableLines(bytes);
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    const sentence = 'these bytes are not UTF-8 (save the file as UTF-8)';
    throw new DocumentError(file, { line, column }, sentence, { cause });
  }
}

/** The lines before the first byte that is not UTF-8. */
function readableLines(bytes: Uint8Array): string[] {
  // Find the longest prefix that a streaming decoder accepts, by bisection.
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
    // Streaming, because a prefix may end within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
