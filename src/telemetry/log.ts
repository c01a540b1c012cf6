import type { Writable } from 'node:stream';
import { renderError } from './error-text.ts';

/** From what is said least to what is said always. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/**
 * The messages of the log of `serve`: `msg` of a line is one of them. What varies is in the fields of the line.
 * docs/on-call.md has a row for each.
 */
export const LOG_EVENTS = [
  'listening',
  'decision',
  'reviews refused unread',
  'request refused',
  'failure',
  'unexpected failure; the gate refuses every review and stops',
  'policy loaded',
  'policy not loaded; the last good one stays in force',
  'reload requested',
  'certificate loaded',
  'certificate not loaded; the last good one stays in force',
  'the certificate ends soon',
  'the certificate could not be renewed',
  'the API server enforces the policy',
  'the API server does not enforce the policy',
  'it is not known whether the API server enforces the policy',
  'serving plain HTTP',
  'fewer file descriptors than --max-connections needs',
  'environment variable ignored',
  'denials use another language',
  'leaving',
  'left',
] as const;

export type LogEvent = (typeof LOG_EVENTS)[number];

/** What a line says beside its level, time and message. Only what is named here is written. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  /** Must not block: what it has not taken yet is counted by its `writableLength`, lines that it lost by event `lost`. */
  readonly stream: Writable;
  readonly now: () => Date;
  /** @default 'info' */
  readonly level?: LogLevel;
  /** Lines are dropped, and counted, while more than this waits for the reader. @default 8 MiB */
  readonly maxWaitingBytes?: number;
}

/** Structured lines, one JSON document each. A reader that stalls costs lines, never time. */
export interface Log<Event extends string = LogEvent> {
  readonly write: (level: LogLevel, message: Event, fields?: LogFields, at?: Date) => void;
  /** Writes a failure by name, code, message and stack; an error's other properties may hold credentials. */
  readonly failure: (message: Event, error: unknown) => void;
  /** Hands the stream everything that `write` says meanwhile in few pieces. */
  readonly batch: (write: () => void) => void;
  /** Lines that nobody will read. */
  readonly dropped: () => number;
  /** Resolves when the reader has taken everything, or after `withinMs`: a stalled reader holds up no exit. */
  readonly close: (withinMs: number) => Promise<void>;
}

const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const PIECE_CHARACTERS = 64 * 1024;

/** A log on a stream. */
export function openLog<Event extends string = LogEvent>({
  stream,
  now,
  level: least = 'info',
  maxWaitingBytes = MAX_WAITING_BYTES,
}: LogOptions): Log<Event> {
  const piece = new Piece(stream, maxWaitingBytes);
  const said: ReadonlySet<LogLevel> = new Set(LEVELS.slice(LEVELS.indexOf(least)));
  const write: Log<Event>['write'] = (level, message, fields, at) => {
    if (!said.has(level)) return;
    // JSON escapes line breaks, so that a line stays a line (K04).
    piece.write(`${JSON.stringify({ level, time: (at ?? now()).toISOString(), ...fields, msg: message })}\n`);
  };
  return {
    write,
    failure: (message, error) => write('error', message, { error: renderError(error) }),
    batch: (writeAll) => piece.hold(writeAll),
    dropped: () => piece.dropped,
    close: (withinMs) => waitForReader(stream, withinMs),
  };
}

/** Lines that go to the stream together: a write to a pipe costs more than the line. */
class Piece {
  dropped = 0;
  readonly #stream: Writable;
  readonly #maxWaitingBytes: number;
  #text = '';
  #lines = 0;
  #held = false;

  constructor(stream: Writable, maxWaitingBytes: number) {
    this.#stream = stream;
    this.#maxWaitingBytes = maxWaitingBytes;
    // A reader that went away (EPIPE) is a reader that stalls for ever; without a listener it would end the process.
    stream.on('error', () => stream.destroy());
    stream.on('lost', (lines: number) => {
      this.dropped += lines;
    });
  }

  write(line: string): void {
    this.#text += line;
    this.#lines += 1;
    if (!this.#held || this.#text.length > PIECE_CHARACTERS) this.#pass();
  }

  hold(write: () => void): void {
    this.#held = true;
    try {
      write();
    } finally {
      this.#held = false;
      this.#pass();
    }
  }

  #pass(): void {
    const [text, lines] = [this.#text, this.#lines];
    this.#text = '';
    this.#lines = 0;
    if (lines === 0) return;
    const room = this.#maxWaitingBytes - this.#stream.writableLength;
    if (this.#stream.writable && Buffer.byteLength(text) <= room)
      this.#stream.write(text, this.#count(lines));
    else this.dropped += lines;
  }

  /** Counts lines that were handed over to a reader who went away before it took them. */
  #count(lines: number): (error: Error | null | undefined) => void {
    return (error) => {
      if (error !== null && error !== undefined) this.dropped += lines;
    };
  }
}

async function waitForReader(stream: Writable, withinMs: number): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, withinMs);
  stream.once('drain', resolve);
  stream.once('close', resolve);
  // The callback of a write comes after all writes before it, also when these stayed below the high-water mark.
  stream.write('', () => resolve());
  await promise;
  clearTimeout(timer);
}
