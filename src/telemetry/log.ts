import type { Writable } from 'node:stream';
import { oneLine } from '../language/one-line.ts';
import { renderError } from './error-text.ts';

/** From the most detailed level to the most important. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

type LogLevel = (typeof LEVELS)[number];

/**
 * The messages of the log of `serve`: `msg` of a line is one of them. The fields of the line contain the details.
 * docs/on-call.md has a row for each.
 */
export const LOG_EVENTS = [
  'listening',
  'decision',
  'reviews refused without a decision',
  'request refused',
  'failure',
  'unexpected failure; the gate refuses every review and stops',
  'policy loaded',
  'policy warning',
  'policy not loaded; the last good one stays active',
  'policy not loaded; every review is refused',
  'policies are read without a thread',
  'reload requested',
  'certificate loaded',
  'certificate not loaded; the last good one stays active',
  'certificate of no use',
  'client certificate refused',
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

type LogEvent = (typeof LOG_EVENTS)[number];

/** The fields of a line beside its level, time and message. */
export type LogFields = Readonly<Record<string, unknown>>;

interface LogOptions {
  /** Must not block. `writableLength` counts the bytes that wait, and event `lost` reports lines that were lost. */
  readonly stream: Writable;
  readonly now: () => Date;
  /** @default 'info' */
  readonly level?: LogLevel;
  /** Lines are dropped and counted while more bytes than this wait for the reader. @default 8 MiB */
  readonly maxWaitingBytes?: number;
}

/** A log of lines, each a JSON document. If the reader stalls, lines are lost, but nothing waits. */
export interface Log<Event extends string = LogEvent> {
  readonly write: (level: LogLevel, message: Event, fields?: LogFields, at?: Date) => void;
  /** Writes name, code, message and stack of an error. Its other properties may contain credentials. */
  readonly failure: (message: Event, error: unknown) => void;
  /** Collects the lines written during the call, and passes them to the stream in few pieces. */
  readonly batch: (write: () => void) => void;
  /** Number of lost lines. */
  readonly dropped: () => number;
  /** Resolves when the reader has read everything, or after `withinMs`, so that a stalled reader does not delay the exit. */
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
  const written: ReadonlySet<LogLevel> = new Set(LEVELS.slice(LEVELS.indexOf(least)));
  const write: Log<Event>['write'] = (level, message, fields, at) => {
    if (!written.has(level)) return;
    // JSON escapes only some characters that break a line or control a terminal (K01, K04).
    const line = JSON.stringify({ level, time: (at ?? now()).toISOString(), ...fields, msg: message });
    piece.write(`${oneLine(line)}\n`);
  };
  return {
    write,
    failure: (message, error) => write('error', message, { error: renderError(error) }),
    batch: (writeAll) => piece.hold(writeAll),
    dropped: () => piece.dropped,
    close: (withinMs) => waitForReader(stream, withinMs),
  };
}

/** Lines that are passed to the stream together, because a write to a pipe costs more than a line. */
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
    // A closed reader (EPIPE) is treated like a reader that stalls for ever. Without a listener the error would end the process.
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

  /** Counts lines that were passed to the stream and were not read before the reader closed. */
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
  // The callback of a write follows all earlier writes, also if these stayed below the high-water mark.
  stream.write('', () => resolve());
  await promise;
  clearTimeout(timer);
}
