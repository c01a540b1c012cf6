import { type BoundedReader, readFollowed } from '../file/bounded-file.ts';
import { Follower } from '../file/follower.ts';
import { CertificateError } from './errors.ts';

/** Largest file of certificates or of a key, in bytes: some hundreds of authorities. */
export const MAX_PEM_BYTES = 1024 * 1024;

/** What came of looking at the files again. */
export type CertificateReload =
  | { readonly result: 'loaded' }
  | { readonly result: 'unchanged' }
  /** What is in force stays so. */
  | { readonly result: 'kept'; readonly error: CertificateError };

export interface CertificateStoreOptions {
  /** Files that belong together, such as a certificate and its key. */
  readonly files: readonly string[];
  /** What is in force: the text of each file. */
  readonly texts: readonly string[];
  /** Puts the texts in force, or throws: then those before stay. */
  readonly take: (texts: readonly string[]) => void;
  /** How often the files are looked at in case the watch has missed something, in milliseconds. @default 5000 */
  readonly pollMs?: number;
  /** How long the files may go without an answer before that is a problem, in milliseconds. @default 10000 */
  readonly silenceMs?: number;
  /** @default readFollowed */
  readonly read?: BoundedReader;
  /**
   * How long files may disagree before anybody is told, in milliseconds: they are written one after the other.
   *
   * @default 1000
   */
  readonly settleMs?: number;
  /** Told of every reload that changed something, and once of every way to fail. */
  readonly onReload?: (reload: CertificateReload) => void;
}

/**
 * Keeps what is in force up to date with its files. A reload is all or nothing: half-written, unreadable or mismatched
 * files change nothing.
 */
export class CertificateStore implements AsyncDisposable {
  readonly #options: CertificateStoreOptions;
  readonly #follower: Follower<CertificateReload>;
  #texts: readonly string[];
  #problem: CertificateError | undefined;
  #settling: NodeJS.Timeout | undefined;
  #isSettled = false;

  constructor(options: CertificateStoreOptions) {
    const { files, pollMs, silenceMs } = options;
    this.#options = options;
    this.#texts = options.texts;
    this.#follower = new Follower({
      files,
      look: () => this.#reload(),
      onSilence: (sentence) => this.#fail(unreadable(files.join(', '), sentence)),
      ...(pollMs !== undefined && { pollMs }),
      ...(silenceMs !== undefined && { silenceMs }),
    });
  }

  /** Why the files are not what is in force, if so, and if that has lasted. */
  problem(): CertificateError | undefined {
    return this.#problem;
  }

  /** Looks at the files again. Never rejects for what they hold. */
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
      this.#options.take(texts);
      this.#texts = texts;
      return this.#succeed({ result: 'loaded' });
    } catch (cause) {
      return this.#fail(toCertificateError(cause, this.#options.files));
    }
  }

  async #read(): Promise<readonly string[]> {
    const { files, read = readFollowed } = this.#options;
    const texts: string[] = [];
    // One by one: files of a dead mount, all read at once, would take every thread that Node has for files.
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
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  });
  if (bytes !== undefined) return bytes.toString();
  const problem = `${file}: the file has more than ${MAX_PEM_BYTES} bytes`;
  throw new CertificateError('CERTIFICATE_UNREADABLE', problem);
}

function unreadable(files: string, why: string, options?: ErrorOptions): CertificateError {
  return new CertificateError('CERTIFICATE_UNREADABLE', `${files}: the file cannot be read: ${why}`, options);
}

/** Whatever refuses a certificate, it must not stop the watch, let alone the gate. */
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
