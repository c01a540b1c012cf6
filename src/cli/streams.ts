import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes; a test hands in its own. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** 0: done, and nothing was refused. 1: something was refused. 2: it could not run. */
export type ExitCode = 0 | 1 | 2;
