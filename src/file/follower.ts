import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { TimerOptions } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoundedReader } from './bounded-file.ts';

/** Maximum time that the disposal waits for a running look, in milliseconds. */
const LAST_LOOK_MS = 1000;

/** Timing and access to the files that a store follows. */
export interface FollowOptions {
  /** Interval of additional looks, in milliseconds. The watcher may miss a change. @default 5000 */
  readonly pollMs?: number;
  /** Maximum time of a look before it is reported as silent, in milliseconds. @default 10000 */
  readonly silenceMs?: number;
  /** @default readFollowed */
  readonly read?: BoundedReader;
}

export interface FollowerOptions<Look> {
  readonly files: readonly string[];
  /** Looks at the files: reads them once. Only one look runs at a time. */
  readonly look: () => Promise<Look>;
  /** Returns the result for a look that has not ended in time. That look continues, and no other look begins before it ends. */
  readonly onSilence: (sentence: string) => Look;
  readonly timing?: Pick<FollowOptions, 'pollMs' | 'silenceMs'>;
}

/** Looks at files when they change, and at intervals. */
export class Follower<Look> implements AsyncDisposable {
  readonly #options: FollowerOptions<Look>;
  readonly #silenceMs: number;
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Ends with the running look, and never rejects. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** Whether the running look has exceeded its time limit. */
  #isSilent = false;
  /** The look that begins after the running one, if one was requested. */
  #waiting: Promise<Look> | undefined;

  constructor(options: FollowerOptions<Look>) {
    this.#options = options;
    this.#silenceMs = options.timing?.silenceMs ?? 10_000;
  }

  /**
   * Looks at the files, after the running look. All calls before the new look begins share it, so many changes
   * cause few looks.
   */
  look(): Promise<Look> {
    // If a mount does not answer, each further look would block one more thread for ever.
    if (this.#isSilent) return this.#giveUp();
    this.#waiting ??= this.#underWay.then(() => this.#begin());
    return this.#waiting;
  }

  /** Follows the files: watches their folders, because a mounted volume changes by a swap of `..data`, and looks at intervals. */
  follow(): void {
    // Continue after a look that throws.
    const look = (): void => void this.look().catch(() => undefined);
    for (const folder of new Set(this.#options.files.map((file) => dirname(file)))) this.#watch(folder, look);
    this.#timer = setInterval(look, this.#options.timing?.pollMs ?? 5000).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#timer);
    if (this.#isSilent) return;
    const last = Promise.all([this.#waiting?.catch(() => undefined), this.#underWay]);
    await orAfter(LAST_LOOK_MS, last, () => undefined);
  }

  #begin(): Promise<Look> {
    const look = this.#options.look();
    this.#waiting = undefined;
    this.#underWay = look
      .catch(() => undefined)
      .finally(() => {
        this.#isSilent = false;
      });
    const giveUp = (): Promise<Look> => {
      this.#isSilent = true;
      return this.#giveUp();
    };
    return orAfter(this.#silenceMs, look, giveUp, { ref: false });
  }

  async #giveUp(): Promise<Look> {
    return this.#options.onSilence(`it has not answered for ${this.#silenceMs / 1000} s`);
  }

  #watch(folder: string, look: () => void): void {
    try {
      const watcher = watch(folder, { persistent: false }, look);
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // The folder cannot be watched (file system, too few descriptors). The interval is enough.
    }
  }
}

/** The result of a promise, or another value if the promise takes too long. */
async function orAfter<Kept, Late>(
  milliseconds: number,
  promise: Promise<Kept>,
  otherwise: () => Late | Promise<Late>,
  options?: TimerOptions,
): Promise<Kept | Late> {
  const over = new AbortController();
  try {
    const late = sleep(milliseconds, undefined, { ...options, signal: over.signal }).then(otherwise);
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
