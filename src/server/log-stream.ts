import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

/**
 * A stream to a file descriptor that never blocks, for a log whose reader may stall. A blocking write to `process.stdout`
 * would delay every answer, and in a thread it would delay the exit of the process.
 */
export function openLogStream(descriptor: number): Writable {
  const kind = fstatSync(descriptor);
  if (kind.isSocket()) return new Socket({ fd: descriptor, readable: false, writable: true });
  if (kind.isFIFO()) return new Socket({ fd: reopen(descriptor), readable: false, writable: true });
  return new FileStream(descriptor);
}

const LINE_END = Buffer.from('\n');

/**
 * A file on a disk that may be full for a while. Event `lost` reports the number of lines that could not be written; the
 * next write is tried again. Node's stream to a file ends at its first error.
 */
class FileStream extends Writable {
  readonly #descriptor: number;
  /** The last line was written in part. The next write must start with a line break. */
  #isCut = false;

  constructor(descriptor: number) {
    super();
    this.#descriptor = descriptor;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#append(this.#isCut ? Buffer.concat([LINE_END, chunk]) : chunk, done);
  }

  #append(rest: Buffer, done: () => void): void {
    write(this.#descriptor, rest, (error, written) => {
      if (error !== null) {
        this.emit('lost', countLines(rest));
        done();
        return;
      }
      if (written > 0) this.#isCut = rest[written - 1] !== LINE_END[0];
      if (written < rest.length) this.#append(rest.subarray(written), done);
      else done();
    });
  }
}

/** Number of lines. A line break at the start ends a line that was cut; it is not counted. */
function countLines(text: Buffer): number {
  const ends = text.filter((byte) => byte === LINE_END[0]).length;
  return text[0] === LINE_END[0] ? ends - 1 : ends;
}

/** Opens the same pipe again, because `O_NONBLOCK` would also affect other processes that write to this descriptor. */
function reopen(descriptor: number): number {
  try {
    const again = openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
    if (fstatSync(again).isFIFO()) return again;
    closeSync(again);
  } catch {
    // There is no /dev/fd, or no permission for it: use the descriptor as it is.
  }
  return descriptor;
}
