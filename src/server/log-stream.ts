import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

/**
 * A stream to a descriptor that never blocks, for a log whose reader may stall. A blocked write would hold up
 * `process.stdout` and with it every answer; in a thread of its own it would hold up the exit of the process.
 */
export function openLogStream(descriptor: number): Writable {
  const kind = fstatSync(descriptor);
  if (kind.isSocket()) return new Socket({ fd: descriptor, readable: false, writable: true });
  if (kind.isFIFO()) return new Socket({ fd: reopen(descriptor), readable: false, writable: true });
  return new FileStream(descriptor);
}

const LINE_END = Buffer.from('\n');

/**
 * A file, whose disk may be full for a while: what does not fit is lost and told as `lost`, a number of lines, and the
 * next write is tried again. Node's own stream to a file ends with its first error.
 */
class FileStream extends Writable {
  readonly #descriptor: number;
  /** The last line is there in part, so that the next one would be a part of it. */
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

/** Lines of a text, whose first line may be the end of one that was cut. */
function countLines(text: Buffer): number {
  const ends = text.filter((byte) => byte === LINE_END[0]).length;
  return text[0] === LINE_END[0] ? ends - 1 : ends;
}

/** The same pipe, opened again: `O_NONBLOCK` belongs to an opening, and whoever else writes here may count on waiting. */
function reopen(descriptor: number): number {
  try {
    const again = openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
    if (fstatSync(again).isFIFO()) return again;
    closeSync(again);
  } catch {
    // No /dev/fd, or no permission for it: the descriptor itself will do.
  }
  return descriptor;
}
