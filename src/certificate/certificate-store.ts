import { type BoundedReader, readFollowed } from '../file/bounded-file.ts';
import { Follower, type FollowOptions } from '../file/follower.ts';
import { CertificateError } from './errors.ts';

/** Maximum size of a file with certificates or a key, in bytes: some hundreds of authorities. */
export const MAX_PEM_BYTES = 1024 * 1024;

/** Result of reading the files again. */
export type CertificateReload =
  | { readonly result: 'loaded' }
  | { readonly result: 'unchanged' }
  /** The active certificates stay. */
  | { readonly result: 'kept'; readonly error: CertificateError };

export interface CertificateStoreOptions extends FollowOptions {
  /** Files that must match, such as a certificate and its key. */
  readonly files: readonly string[];
  /** The active text of each file. */
  readonly texts: readonly string[];
  /** Activates the texts. If it throws, the earlier ones stay active. */
  readonly activate: (texts: readonly string[]) => void;
  /**
   * How long the files may fail to match before that is reported, in milliseconds. They are written one after the other.
   *
   * @default 1000
   */
  readonly settleMs?: number;
  /** Called for each reload that changed something, and once for each new problem. */
  readonly onReload?: (reload: CertificateReload) => void;
}

/**
 * Follows certificates in files. Only a complete set is activated: partly written, unreadable or mismatched files change
 * nothing.
 */
export class CertificateStore implements AsyncDisposable {
  readonly #options: CertificateStoreOptions;
  readonly #follower: Follower<CertificateReload>;
  #texts: readonly string[];
  #problem: CertificateError | undefined;
  #settling: NodeJS.Timeout | undefined;
  #isSettled = false;

  constructor(options: CertificateStoreOptions) {
    const { files } = options;
    this.#options = options;
    this.#texts = options.texts;
    this.#follower = new Follower({
      files,
      look: () => this.#reload(),
      onSilence: (sentence) => this.#fail(certificateUnreadable(files.join(', '), sentence)),
      timing: options,
    });
  }

  /** Why the files are not active, if that has lasted for `settleMs`; otherwise `undefined`. */
  problem(): CertificateError | undefined {
    return this.#problem;
  }

  /** Reads the files again. Never rejects because of their content. */
  reload(): Promise<CertificateReload> {
    return this.#follower.look();
  }

  /** Follows the files as they change. */
  watch(): void {
    this.#follower.follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#settling);
    await this.#follower[Symbol.asyncDispose]();
  }

  async #reload(): Promise<CertificateReload> {
    try {
      const texts = await this.#read();
      const isSame = texts.every((text, index) => text === this.#texts[index]);
      if (isSame && this.#problem === undefined) return this.#succeed({ result: 'unchanged' });
      this.#options.activate(texts);
      this.#texts = texts;
      return this.#succeed({ result: 'loaded' });
    } catch (cause) {
      return this.#fail(toCertificateError(cause, this.#options.files));
    }
  }

  async #read(): Promise<readonly string[]> {
    const { files, read = readFollowed } = this.#options;
    const texts: string[] = [];
    // One after the other, because files of a dead mount would otherwise block all of Node's threads for files.
    for (const file of files) texts.push(await readCertificateFile(file, read));
    return texts;
  }

  #succeed(reload: CertificateReload): CertificateReload {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#isSettled = false;
    this.#problem = undefined;
    if (reload.result === 'loaded') this.#options.onReload?.(reload);
    return reload;
  }

  #fail(error: CertificateError): CertificateReload {
    const reload: CertificateReload = { result: 'kept', error };
    if (this.#problem?.message === error.message) return reload;
    if (!this.#isSettled) {
      this.#settling ??= setTimeout(() => {
        this.#isSettled = true;
        void this.reload();
      }, this.#options.settleMs ?? 1000).unref();
      return reload;
    }
    this.#problem = error;
    this.#options.onReload?.(reload);
    return reload;
  }
}

async function readCertificateFile(file: string, read: BoundedReader): Promise<string> {
  const bytes = await read(file, MAX_PEM_BYTES).catch((cause: unknown) => {
    throw certificateUnreadable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  });
  if (bytes !== undefined) return bytes.toString();
  const problem = `${file}: the file has more than ${MAX_PEM_BYTES} bytes`;
  throw new CertificateError('CERTIFICATE_UNREADABLE', problem);
}

function certificateUnreadable(files: string, why: string, options?: ErrorOptions): CertificateError {
  return new CertificateError('CERTIFICATE_UNREADABLE', `${files}: the file cannot be read: ${why}`, options);
}

/** Any error that refuses a certificate must stop neither the watcher nor the gate. */
function toCertificateError(cause: unknown, files: readonly string[]): CertificateError {
  if (cause instanceof CertificateError) {
    const isNamed = files.some((file) => cause.message.startsWith(file));
    return isNamed
      ? cause
      : new CertificateError(cause.code, `${files.join(', ')}: ${cause.message}`, { cause });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CertificateError('CERTIFICATE_UNREADABLE', `${files.join(', ')}: TLS refuses it: ${message}`, {
    cause,
  });
}
