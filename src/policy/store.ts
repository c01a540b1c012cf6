import { readFollowed } from '../file/bounded-file.ts';
import { Follower, type FollowOptions } from '../file/follower.ts';
import { parsePolicy, PolicyFileError, readPolicyText, unreadable } from './load.ts';
import type { Policy } from './policy.ts';

/** What came of looking at the file again. */
export type Reload =
  | { readonly result: 'loaded'; readonly policy: Policy }
  | { readonly result: 'unchanged' }
  /** The last good policy, if there is one, stays in force. */
  | { readonly result: 'kept'; readonly error: PolicyFileError };

export interface PolicyStoreOptions extends FollowOptions {
  readonly file: string;
  readonly language?: string;
  /** Told of every reload that changed something or failed. */
  readonly onReload?: (reload: Reload) => void;
}

/**
 * The policy in force, kept up to date with its file. A reload is all or nothing: whoever asks gets the old
 * policy or the new one, and a file that cannot be loaded changes nothing.
 */
export class PolicyStore implements AsyncDisposable {
  readonly #options: PolicyStoreOptions;
  readonly #follower: Follower<Reload>;
  #policy: Policy | undefined;
  #problem: PolicyFileError | undefined;
  /** The problem that was told last, unless all is well since. */
  #told: string | undefined;
  /** What the file held when it was last read, good or not. */
  #text: string | undefined;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
    const { file } = options;
    this.#follower = new Follower({
      files: [file],
      look: async () => this.#tell(await this.#look()),
      onSilence: (sentence) => this.#tell(this.#keep(unreadable(file, sentence))),
      timing: options,
    });
  }

  /** The policy in force; `undefined` until one has been loaded. */
  current(): Policy | undefined {
    return this.#policy;
  }

  /** Why the file is not what is in force, if so. */
  problem(): PolicyFileError | undefined {
    return this.#problem;
  }

  /** Looks at the file again; whoever asks at the same time shares the look. Never rejects for what the file holds. */
  reload(): Promise<Reload> {
    return this.#follower.look();
  }

  /** Follows the file as it changes. */
  watch(): void {
    this.#follower.follow();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#follower[Symbol.asyncDispose]();
  }

  #tell(reload: Reload): Reload {
    const problem = reload.result === 'kept' ? reload.error.message : undefined;
    const isNews = problem === undefined ? reload.result === 'loaded' : problem !== this.#told;
    this.#told = problem;
    if (isNews) this.#options.onReload?.(reload);
    return reload;
  }

  async #look(): Promise<Reload> {
    const { file, language, read = readFollowed } = this.#options;
    let text: string;
    try {
      text = await readPolicyText(file, read);
    } catch (cause) {
      return this.#keep(cause);
    }
    // Neither a good policy nor a broken one is read twice.
    if (text === this.#text)
      return this.#problem ? { result: 'kept', error: this.#problem } : { result: 'unchanged' };
    try {
      const policy = await parsePolicy(text, file, language);
      this.#policy = policy;
      this.#problem = undefined;
      this.#text = text;
      return { result: 'loaded', policy };
    } catch (cause) {
      return this.#keep(cause, text);
    }
  }

  /** Keeps the policy that is in force. A text that nobody has read is loaded when it can be, even if it is the same. */
  #keep(cause: unknown, text?: string): Reload {
    // A fault of ours must not stop the watch, let alone the gate: it is a policy that cannot be loaded.
    const error =
      cause instanceof PolicyFileError
        ? cause
        : new PolicyFileError('POLICY_INVALID', `${this.#options.file}: ${String(cause)}`, { cause });
    this.#problem = error;
    this.#text = text;
    return { result: 'kept', error };
  }
}
