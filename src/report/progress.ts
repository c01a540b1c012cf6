import type { Writable } from 'node:stream';
import type { Totals } from './totals.ts';

/** Time between two changes of the line, in milliseconds. */
const PAUSE_MS = 100;

/** Goes to the start of the line and erases it. */
const CLEAR = '\r\u001b[K';

/** A line on a terminal that says how far a command is, as long as it runs. */
interface Progress {
  readonly show: (totals: Totals) => void;
  /** Removes the line, before other output. */
  readonly clear: () => void;
}

/** `now` is a clock in milliseconds. Nothing is shown if the stream is not a terminal. */
export function createProgress(stream: Writable, now: () => number): Progress {
  if (!isTerminal(stream)) return { show: () => undefined, clear: () => undefined };
  let next = now() + PAUSE_MS;
  let isShown = false;
  return {
    show({ files, objects, refused }) {
      if (now() < next) return;
      next = now() + PAUSE_MS;
      isShown = true;
      stream.write(`${CLEAR}${files} files, ${objects} objects, ${refused} refused`);
    },
    clear() {
      if (isShown) stream.write(CLEAR);
      isShown = false;
    },
  };
}

/** Whether a person reads the stream. */
export function isTerminal(stream: Writable): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}
