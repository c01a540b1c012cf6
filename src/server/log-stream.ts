import { closeSync, constants, createWriteStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * A stream to a descriptor that never blocks, for a log whose reader may stall. A blocked write would hold up
 * `process.stdout` and with it every answer; in a thread of its own it would hold up the exit of the process.
 */
export function openLogStream(descriptor: number): Writable {
  const kind = fstatSync(descriptor);
  if (kind.isSocket()) return new Socket({ fd: descriptor, readable: false, writable: true });
  if (kind.isFIFO()) return new Socket({ fd: reopen(descriptor), readable: false, writable: true });
  return createWriteStream('', { fd: descriptor, autoClose: false });
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
