import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';

/**
 * The bytes of a file; `undefined` when there are more than `maxBytes` of them. No more than one beyond that is read:
 * what a file says of its size beforehand is no bound, for it may grow meanwhile, and a pipe or a device has none.
 *
 * @throws {NodeJS.ErrnoException} when the file cannot be read.
 */
export async function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  const bytes = await buffer(createReadStream(file, { end: maxBytes }));
  return bytes.length > maxBytes ? undefined : bytes;
}
