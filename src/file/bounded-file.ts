import { constants, createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** Reads a file up to a bound, as {@link readBounded} does. */
export type BoundedReader = (file: string, maxBytes: number) => Promise<Buffer | undefined>;

/**
 * The bytes of a file; `undefined` if it has more than `maxBytes`. At most one byte more is read. The size in the metadata
 * of a file is not a limit, because a file may grow, and a pipe or a device has no size.
 *
 * @throws {NodeJS.ErrnoException} if the file cannot be read.
 */
export function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  return readUpTo(createReadStream(file, { end: maxBytes }), maxBytes);
}

/**
 * Like {@link readBounded}, for a file that is read repeatedly. Pipes and devices are refused: the bytes of a pipe can
 * be read only once, and those of a device may not end.
 *
 * @throws {NodeJS.ErrnoException | Error} if the file cannot be read or is not a regular file.
 */
export async function readFollowed(file: string, maxBytes: number): Promise<Buffer | undefined> {
  // Without O_NONBLOCK, opening a FIFO that has no writer blocks one of libuv's four threads, also at exit.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    // Reading a folder fails with EISDIR, which is clearer.
    if (!stats.isFile() && !stats.isDirectory()) throw new Error('it is not a regular file');
    return await readUpTo(handle.createReadStream({ end: maxBytes, autoClose: false }), maxBytes);
  } finally {
    await handle.close();
  }
}

/** Milliseconds since a file was last written, up to `today`; 0 if that is not known. */
export async function millisecondsSinceWritten(file: string, today: Date): Promise<number> {
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: today.getTime() }));
  return today.getTime() - mtimeMs;
}

async function readUpTo(stream: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const bytes = await buffer(stream);
  return bytes.length > maxBytes ? undefined : bytes;
}
