import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { parsePolicy, PolicyFileError, readPolicyText } from './load.ts';
import type { Policy } from './policy.ts';

/** What came of looking at the file again. */
export type Reload =
  | { readonly result: 'loaded'; readonly policy: Policy }
  | { readonly result: 'unchanged' }
  /** The last good policy, if there is one, stays in force. */
  | { readonly result: 'kept'; readonly error: PolicyFileError };

export interface PolicyStoreOptions {
  readonly file: string;
  readonly language?: string;
  /** How often the file is looked at in case the watch has missed something, in milliseconds. @default 5000 */
  readonly pollMs?: number;
  /** Told of every reload that changed something or failed. */
  readonly onReload?: (reload: Reload) => void;
}

/**
 * The policy in force, kept up to date with its file. A reload is all or nothing: whoever asks gets the old
 * policy or the new one, and a file that cannot be loaded changes nothing.
 */
export class PolicyStore implements AsyncDisposable {
  readonly #options: PolicyStoreOptions;
  #policy: Policy | undefined;
  #problem: PolicyFileError | undefined;
  /** What the file held when it was last read, good or not. */
  #text: string | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The look that is under way, settled. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** The look that begins after it, if somebody has asked. */
  #waiting: Promise<Reload> | undefined;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
  }

  /** The policy in force; `undefined` until one has been loaded. */
  current(): Policy | undefined {
    return this.#policy;
  }

  /** Why the file is not what is in force, if so. */
  problem(): PolicyFileError | undefined {
    return this.#problem;
  }

  /**
   * Looks at the file again, after any look that is under way; whoever asks before that look begins shares it, so
   * that a busy folder costs no more than a quiet one. Never rejects for what the file holds.
   */
  reload(): Promise<Reload> {
    this.#waiting ??= this.#underWay.then(() => {
      const look = this.#reload();
      this.#waiting = undefined;
      this.#underWay = look.catch(() => undefined);
      return look;
    });
    return this.#waiting;
  }

  /** Follows the file: by watching its folder, since a ConfigMap changes by a swap of `..data`, and by looking. */
  watch(): void {
    // A listener that throws is not the file's fault, and no reason to stop looking.
    const look = (): void => void this.reload().catch(() => undefined);
    try {
      this.#watcher = watch(dirname(this.#options.file), { persistent: false }, look);
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No watch here (a file system without, too few descriptors): the poll below is enough.
    }
    this.#timer = setInterval(look, this.#options.pollMs ?? 5000).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher?.close();
    clearInterval(this.#timer);
    await this.#waiting?.catch(() => undefined);
    await this.#underWay;
  }

  async #reload(): Promise<Reload> {
    const before = this.#problem;
    const reload = await this.#look();
    const isNews =
      reload.result === 'kept' ? reload.error.message !== before?.message : reload.result === 'loaded';
    if (isNews) this.#options.onReload?.(reload);
    return reload;
  }

  async #look(): Promise<Reload> {
    const { file, language } = this.#options;
    try {
      const text = await readPolicyText(file);
      // Neither a good policy nor a broken one is read twice.
      if (text === this.#text)
        return this.#problem ? { result: 'kept', error: this.#problem } : { result: 'unchanged' };
      this.#text = text;
      const policy = await parsePolicy(text, file, language);
      this.#policy = policy;
      this.#problem = undefined;
      return { result: 'loaded', policy };
    } catch (cause) {
      // A fault of ours must not stop the watch, let alone the gate: it is a policy that cannot be loaded.
      const error =
        cause instanceof PolicyFileError
          ? cause
          : new PolicyFileError('POLICY_INVALID', `${file}: ${String(cause)}`, { cause });
      // A file that could not be read is loaded anew when it can be, even if it is the same.
      if (error.code === 'POLICY_UNREADABLE' || error.code === 'POLICY_TOO_LARGE') this.#text = undefined;
      this.#problem = error;
      return { result: 'kept', error };
    }
  }
}
