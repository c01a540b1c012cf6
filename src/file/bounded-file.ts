import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** Reads a file up to a bound, as {@link readBounded} does. */
export type BoundedReader = (file: string, maxBytes: number) => Promise<Buffer | undefined>;

/**
 * The bytes of a file; `undefined` when there are more than `maxBytes` of them. No more than one beyond that is read:
 * what a file says of its size beforehand is no bound, for it may grow meanwhile, and a pipe or a device has none.
 *
 * @throws {NodeJS.ErrnoException} when the file cannot be read.
 */
export function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  return readUpTo(createReadStream(file, { end: maxBytes }), maxBytes);
}

/**
 * As {@link readBounded}, of a file that is looked at again and again: a pipe or a device, which gives its bytes once or
 * for ever, is refused.
 *
 * @throws {NodeJS.ErrnoException | Error} when the file cannot be read, or is no regular file.
 */
export async function readFollowed(file: string, maxBytes: number): Promise<Buffer | undefined> {
  // Else a pipe that nobody writes to is waited for in a thread, of which there are four, and which no exit ends.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    // What is wrong with a folder, reading says.
    if (!stats.isFile() && !stats.isDirectory())
      throw new Error('it is no regular file, and no other can be followed');
    return await readUpTo(handle.createReadStream({ end: maxBytes, autoClose: false }), maxBytes);
  } finally {
    await handle.close();
  }
}

async function readUpTo(stream: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const bytes = await buffer(stream);
  return bytes.length > maxBytes ? undefined : bytes;
}
