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
  #text: string | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();

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

  /** Looks at the file again, after any look that is under way. Never rejects for what the file holds. */
  reload(): Promise<Reload> {
    const next = this.#queue.then(() => this.#reload());
    this.#queue = next.catch(() => undefined);
    return next;
  }

  /** Follows the file: by watching its folder, since a ConfigMap changes by a swap of `..data`, and by looking. */
  watch(): void {
    const look = (): void => void this.reload();
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
    await this.#queue;
  }

  async #reload(): Promise<Reload> {
    const { file, language, onReload } = this.#options;
    try {
      const text = await readPolicyText(file);
      if (text === this.#text && this.#problem === undefined) return { result: 'unchanged' };
      const policy = await parsePolicy(text, file, language);
      this.#policy = policy;
      this.#text = text;
      this.#problem = undefined;
      onReload?.({ result: 'loaded', policy });
      return { result: 'loaded', policy };
    } catch (cause) {
      // A fault of ours must not stop the watch, let alone the gate: it is a policy that cannot be loaded.
      const error =
        cause instanceof PolicyFileError
          ? cause
          : new PolicyFileError('POLICY_INVALID', `${file}: ${String(cause)}`, { cause });
      const isNews = error.message !== this.#problem?.message;
      this.#problem = error;
      if (isNews) onReload?.({ result: 'kept', error });
      return { result: 'kept', error };
    }
  }
}
