import { readFollowed } from '../file/bounded-file.ts';
import { Follower, type FollowOptions } from '../file/follower.ts';
import { parsePolicy, PolicyFileError, readPolicyText, policyUnreadable } from './load.ts';
import type { Policy } from '../policy/policy.ts';

/** The result of reading the file again. */
export type Reload =
  | { readonly result: 'loaded'; readonly policy: Policy }
  | { readonly result: 'unchanged' }
  /** The file cannot be loaded. The last good policy, if there is one, stays active. */
  | { readonly result: 'kept'; readonly error: PolicyFileError };

export interface PolicyStoreOptions extends FollowOptions {
  readonly file: string;
  readonly language?: string;
  /** Called with each reload that changed the policy, and with each new problem. */
  readonly onReload?: (reload: Reload) => void;
}

/**
 * The active policy, kept up to date with its file. A reload replaces the whole policy or nothing: a file that cannot be
 * loaded changes nothing.
 */
export class PolicyStore implements AsyncDisposable {
  readonly #options: PolicyStoreOptions;
  readonly #follower: Follower<Reload>;
  #policy: Policy | undefined;
  #problem: PolicyFileError | undefined;
  /** The message of the last reload, if it failed. */
  #reported: string | undefined;
  /** The text of the last successful reading. It may be a good or a broken policy. */
  #text: string | undefined;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
    const { file } = options;
    this.#follower = new Follower({
      files: [file],
      look: async () => this.#report(await this.#look()),
      onSilence: (sentence) => this.#report(this.#keep(policyUnreadable(file, sentence))),
      timing: options,
    });
  }

  /** The active policy; `undefined` until one has been loaded. */
  current(): Policy | undefined {
    return this.#policy;
  }

  /** Why the file is not the active policy; `undefined` if it is. */
  problem(): PolicyFileError | undefined {
    return this.#problem;
  }

  /** Reads the file again. Calls at the same time share one reading. Never rejects because of the file. */
  reload(): Promise<Reload> {
    return this.#follower.look();
  }

  /** Begins to follow the file. */
  watch(): void {
    this.#follower.follow();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#follower[Symbol.asyncDispose]();
  }

  #report(reload: Reload): Reload {
    const problem = reload.result === 'kept' ? reload.error.message : undefined;
    const isNews = problem === undefined ? reload.result === 'loaded' : problem !== this.#reported;
    this.#reported = problem;
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
    // Do not parse the same text again, whether it is a good or a broken policy.
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

  /** Keeps the active policy. Without `text`, the next successful reading is parsed even if the text is the same. */
  #keep(cause: unknown, text?: string): Reload {
    // An internal error must stop neither the watcher nor the gate. It is reported as a policy that cannot be loaded.
    const error =
      cause instanceof PolicyFileError
        ? cause
        : new PolicyFileError('POLICY_INVALID', `${this.#options.file}: ${String(cause)}`, { cause });
    this.#problem = error;
    this.#text = text;
    return { result: 'kept', error };
  }
}
