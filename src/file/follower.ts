import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

export interface FollowerOptions<Look> {
  readonly files: readonly string[];
  /** Looks at the files. One look is under way at a time. */
  readonly look: () => Promise<Look>;
  /** How often to look in case the watch has missed something, in milliseconds. @default 5000 */
  readonly pollMs?: number;
}

/** Looks at files again and again, as they change. */
export class Follower<Look> implements AsyncDisposable {
  readonly #options: FollowerOptions<Look>;
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The look that is under way, settled. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** The look that begins after it, if somebody has asked. */
  #waiting: Promise<Look> | undefined;

  constructor(options: FollowerOptions<Look>) {
    this.#options = options;
  }

  /**
   * Looks at the files again, after any look that is under way; whoever asks before that look begins shares it, so
   * that a busy folder costs no more than a quiet one.
   */
  look(): Promise<Look> {
    this.#waiting ??= this.#underWay.then(() => {
      const look = this.#options.look();
      this.#waiting = undefined;
      this.#underWay = look.catch(() => undefined);
      return look;
    });
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
    await this.#waiting?.catch(() => undefined);
    await this.#underWay;
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
