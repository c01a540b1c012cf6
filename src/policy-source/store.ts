import { setTimeout as sleep } from 'node:timers/promises';
import { readFollowed } from '../file/bounded-file.ts';
import { Follower, type FollowOptions } from '../file/follower.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyFileError, policyUnreadable, readPolicyBytes } from './policy-file.ts';
import { readPolicy, type ReadPolicyOptions } from './read-policy.ts';

/** The result of reading the file again. */
export type Reload =
  | { readonly result: 'loaded'; readonly policy: Policy }
  | { readonly result: 'unchanged' }
  /** The file cannot be loaded. The last good policy, if there is one, stays active. */
  | { readonly result: 'kept'; readonly error: PolicyFileError };

export interface PolicyStoreOptions extends FollowOptions, Omit<ReadPolicyOptions, 'signal'> {
  readonly file: string;
  /**
   * Time between the two looks that have to find the same bytes, in milliseconds. A file that is written in place is
   * half a policy for a moment. @default 500
   */
  readonly settleMs?: number;
  /** Milliseconds since the last change of the file, for its first policy. Without it, the file counts as just changed. */
  readonly ageOf?: (file: string) => Promise<number>;
  /** Called with each reload that changed the policy, and with each new problem. */
  readonly onReload?: (reload: Reload) => void;
}

const SETTLE_MS = 500;

/** Pairs of looks that may differ before that is a problem. */
const MAX_DIFFERENCES = 20;

/**
 * The active policy, kept up to date with its file. A reload replaces the whole policy or nothing: a file that cannot be
 * loaded, or that still changes, changes nothing.
 */
export class PolicyStore implements AsyncDisposable {
  readonly #options: PolicyStoreOptions;
  readonly #settleMs: number;
  readonly #follower: Follower<Reload | undefined>;
  readonly #disposal = new AbortController();
  #policy: Policy | undefined;
  #problem: PolicyFileError | undefined;
  /** The message of the last reload, if it failed. */
  #reported: string | undefined;
  /** The bytes of the last look; `undefined` if they could not be read. */
  #seen: Uint8Array | undefined;
  /** The bytes that were read as a policy last. */
  #tried: Uint8Array | undefined;
  /** The same bytes, good or broken, unless they have to be read again. */
  #taken: Uint8Array | undefined;
  /** The wait for a file that has changed, and the reading of its policy. */
  #settling: Promise<Reload> | undefined;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    const { file } = options;
    this.#follower = new Follower({
      files: [file],
      look: () => this.#look(),
      onSilence: (sentence) => this.#keep(policyUnreadable(file, sentence)),
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

  /**
   * Reads the file again, and waits until it no longer changes. Calls at the same time share one reading. Never rejects
   * because of the file.
   */
  async reload(): Promise<Reload> {
    return (await this.#follower.look()) ?? (await this.#settling) ?? { result: 'unchanged' };
  }

  /** Begins to follow the file. */
  watch(): void {
    this.#follower.follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort();
    await this.#follower[Symbol.asyncDispose]();
    await this.#settling?.catch(() => undefined);
  }

  /** Reads the file once. `undefined` means that its bytes are new, and that {@link #settling} has the result. */
  async #look(): Promise<Reload | undefined> {
    const { file, read = readFollowed } = this.#options;
    try {
      this.#seen = await readPolicyBytes(file, read);
    } catch (cause) {
      this.#seen = undefined;
      return this.#keep(cause);
    }
    if (this.#settling === undefined && isEqual(this.#seen, this.#taken)) return this.#repeat();
    this.#settling ??= this.#settle(this.#seen).finally(() => {
      this.#settling = undefined;
      this.#lookAgain();
    });
    // The caller of this look may not wait for it.
    this.#settling.catch(() => undefined);
    return undefined;
  }

  /** Begins a look if the file has changed while its policy was read. */
  #lookAgain(): void {
    const hasChanged =
      this.#seen !== undefined && this.#tried !== undefined && !isEqual(this.#seen, this.#tried);
    if (hasChanged && !this.#disposal.signal.aborted) void this.#follower.look().catch(() => undefined);
  }

  /** The result for bytes that were read before. */
  #repeat(): Reload {
    return this.#report(this.#problem ? { result: 'kept', error: this.#problem } : { result: 'unchanged' });
  }

  /** Waits until two looks find the same bytes, and takes them. */
  async #settle(first: Uint8Array): Promise<Reload> {
    const { file, ageOf } = this.#options;
    // A file that was there before the start is complete. A later change is new, however old the date of the file is.
    const age = this.#tried === undefined ? ((await ageOf?.(file)) ?? 0) : 0;
    let seen = first;
    if (age >= this.#settleMs) return this.#take(seen);
    for (let differences = 0; differences < MAX_DIFFERENCES; differences += 1) {
      await this.#wait(this.#settleMs - (differences === 0 ? Math.max(age, 0) : 0));
      const failure = await this.#follower.look();
      if (failure !== undefined || this.#seen === undefined) return failure ?? this.#repeat();
      if (isEqual(seen, this.#seen)) return this.#take(seen);
      seen = this.#seen;
    }
    const seconds = (MAX_DIFFERENCES * this.#settleMs) / 1000;
    return this.#keep(policyUnreadable(file, `it has changed again and again for ${seconds} s`));
  }

  /** Ends early if the store is disposed of. */
  async #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#disposal;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  }

  /** Reads bytes as a policy, and makes it the active one. */
  async #take(bytes: Uint8Array): Promise<Reload> {
    const { signal } = this.#disposal;
    if (isEqual(bytes, this.#taken)) return this.#repeat();
    this.#tried = bytes;
    try {
      const policy = await readPolicy(bytes, this.#options.file, { ...this.#options, signal });
      if (signal.aborted) return { result: 'unchanged' };
      this.#policy = policy;
      this.#problem = undefined;
      this.#taken = bytes;
    } catch (cause) {
      if (signal.aborted) return { result: 'unchanged' };
      // A thread that failed may work the next time.
      const isLasting = !(cause instanceof PolicyFileError) || cause.code !== 'POLICY_UNREADABLE';
      return this.#keep(cause, isLasting ? bytes : undefined);
    }
    return this.#report({ result: 'loaded', policy: this.#policy });
  }

  /** Keeps the active policy. Without `bytes`, the next bytes that can be read are taken even if they are the same. */
  #keep(cause: unknown, bytes?: Uint8Array): Reload {
    const { file } = this.#options;
    // An internal error must stop neither the watcher nor the gate. It is reported as a policy that cannot be loaded.
    const error =
      cause instanceof PolicyFileError
        ? cause
        : new PolicyFileError('POLICY_INVALID', `${file}: ${String(cause)}`, file, { cause });
    this.#problem = error;
    this.#taken = bytes;
    return this.#report({ result: 'kept', error });
  }

  #report(reload: Reload): Reload {
    const problem = reload.result === 'kept' ? reload.error.message : undefined;
    const isNews = problem === undefined ? reload.result === 'loaded' : problem !== this.#reported;
    this.#reported = problem;
    if (isNews) this.#options.onReload?.(reload);
    return reload;
  }
}

function isEqual(bytes: Uint8Array, others: Uint8Array | undefined): boolean {
  return others !== undefined && Buffer.compare(bytes, others) === 0;
}
