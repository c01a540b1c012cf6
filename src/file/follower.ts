import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { TimerOptions } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the end waits for a look that is under way. */
const LAST_LOOK_MS = 1000;

export interface FollowerOptions<Look> {
  readonly files: readonly string[];
  /** Looks at the files. One look is under way at a time. */
  readonly look: () => Promise<Look>;
  /** What a look comes to that has had no answer for so long; it goes on, and no other begins before it ends. */
  readonly onSilence: (sentence: string) => Look;
  /** How often to look in case the watch has missed something, in milliseconds. @default 5000 */
  readonly pollMs?: number;
  /** How long a look may go without an answer, in milliseconds. @default 10000 */
  readonly silenceMs?: number;
}

/** Looks at files again and again, as they change. */
export class Follower<Look> implements AsyncDisposable {
  readonly #options: FollowerOptions<Look>;
  readonly #silenceMs: number;
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The look that is under way, settled. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** Whether it has had no answer for too long. */
  #isSilent = false;
  /** The look that begins after it, if somebody has asked. */
  #waiting: Promise<Look> | undefined;

  constructor(options: FollowerOptions<Look>) {
    this.#options = options;
    this.#silenceMs = options.silenceMs ?? 10_000;
  }

  /**
   * Looks at the files again, after any look that is under way; whoever asks before that look begins shares it, so
   * that a busy folder costs no more than a quiet one.
   */
  look(): Promise<Look> {
    // A dead mount would take thread after thread, and each of them hangs for good.
    if (this.#isSilent) return this.#giveUp();
    this.#waiting ??= this.#underWay.then(() => this.#begin());
    return this.#waiting;
  }

  /** Follows the files: by watching their folders, since a mount changes by a swap of `..data`, and by looking. */
  follow(): void {
    // A look that throws is not the file's fault, and no reason to stop looking.
    const look = (): void => void this.look().catch(() => undefined);
    for (const folder of new Set(this.#options.files.map((file) => dirname(file)))) this.#watch(folder, look);
    this.#timer = setInterval(look, this.#options.pollMs ?? 5000).unref();
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
      // No watch here (a file system without, too few descriptors): the poll is enough.
    }
  }
}

/** What was promised, or something else once that has taken too long. */
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
