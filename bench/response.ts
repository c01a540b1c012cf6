const END_OF_LINE = '\r\n';
const END_OF_HEAD = '\r\n\r\n';

/** A response that was received completely. */
interface Response {
  readonly body: string;
  /** Number of bytes of head and body. */
  readonly length: number;
}

/**
 * Reads an HTTP/1.1 response with status 200, whose body has a `Content-Length` or is chunked. `undefined` if a part of it
 * is still missing.
 *
 * @throws {Error} if it is another response
 */
export function readResponse(received: Buffer): Response | undefined {
  const end = received.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const head = received.toString('latin1', 0, end);
  const start = end + END_OF_HEAD.length;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  const isChunked = /\r\ntransfer-encoding: *chunked *(?:\r\n|$)/i.test(head);
  if (!head.startsWith('HTTP/1.1 200 ') || (length === undefined && !isChunked))
    throw new Error(`the response cannot be read: ${head}`);
  if (isChunked) return readChunks(received, start);
  const whole = start + Number(length);
  return received.length < whole
    ? undefined
    : { body: received.toString('utf8', start, whole), length: whole };
}

/** @see https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function readChunks(received: Buffer, start: number): Response | undefined {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const size = readLine(received, at);
    if (size === undefined) return undefined;
    // What follows the size is a chunk extension.
    const [, digits] = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(size.text) ?? [];
    if (digits === undefined) throw new Error(`not the size of a chunk: ${size.text}`);
    const end = size.end + Number.parseInt(digits, 16);
    if (end === size.end) return readTrailers(received, end, Buffer.concat(chunks).toString());
    const rest = readLine(received, end);
    if (rest === undefined) return undefined;
    if (rest.text !== '') throw new Error('a chunk is longer than its size');
    chunks.push(received.subarray(size.end, end));
    at = rest.end;
  }
}

/** Skips the fields behind the last chunk; an empty line ends them. */
function readTrailers(received: Buffer, start: number, body: string): Response | undefined {
  let at = start;
  for (;;) {
    const field = readLine(received, at);
    if (field === undefined) return undefined;
    if (field.text === '') return { body, length: field.end };
    at = field.end;
  }
}

function readLine(
  received: Buffer,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const end = received.indexOf(END_OF_LINE, start);
  if (end === -1) return undefined;
  return { text: received.toString('latin1', start, end), end: end + END_OF_LINE.length };
}
