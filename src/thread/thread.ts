import { Worker } from 'node:worker_threads';
import { CodedError } from '../coded-error.ts';

/** Why a thread gave no answer. After each of these the thread has ended. */
type ThreadErrorCode =
  /** Node runs with `--permission` and without `--allow-worker`. */
  | 'THREAD_NOT_ALLOWED'
  | 'THREAD_TOO_SLOW'
  | 'THREAD_OUT_OF_MEMORY'
  /** The thread could not start, threw an error, or ended. */
  | 'THREAD_FAILED';

/** A thread gave no answer. The message is a predicate without a subject, such as `took more than 5 s`. */
export class ThreadError extends CodedError<ThreadErrorCode> {
  override readonly name = 'ThreadError';
}

interface ThreadOptions {
  /** Largest heap of the thread, in MiB. Buffers are not part of a heap, so their sender has to limit them. */
  readonly heapMiB: number;
}

/** Size of the part of the heap for new objects, in MiB. A larger one makes allocations faster and is not given back. */
const YOUNG_MIB = 8;

/** A question that waits for its answer. */
interface OpenQuestion<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: ThreadError) => void;
}

/**
 * A thread that answers one question at a time, within bounds of time and memory. What happens in it, delays, stops and
 * ends nothing in this one: too slow a thread is ended, and one that needs more memory ends alone. Its program is a file
 * that calls `answerQuestions`. Questions and answers are copied (structured clone). An idle thread does not keep the
 * process alive.
 */
export class Thread<Question, Answer> implements AsyncDisposable {
  readonly #worker: Worker;
  #open: OpenQuestion<Answer> | undefined;
  #end: ThreadError | undefined;

  /**
   * Starts the thread.
   * @param program the file that it runs, see {@link programBeside}
   * @throws {ThreadError} THREAD_NOT_ALLOWED
   */
  constructor(program: URL, { heapMiB }: ThreadOptions) {
    this.#worker = startWorker(program, heapMiB);
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#answer(answer));
    this.#worker.on('messageerror', (cause) => this.#fail(failureOf(cause)));
    this.#worker.on('error', (cause) => this.#fail(failureOf(cause)));
    this.#worker.on('exit', () => this.#fail(new ThreadError('THREAD_FAILED', 'ended without an answer')));
  }

  /**
   * Asks one question. The earlier question must have its answer.
   * @param limitMs longest time for the answer, with the start of the thread before the first one
   * @throws {ThreadError}
   */
  async ask(question: Question, limitMs: number, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#end !== undefined) throw this.#end;
    if (this.#open !== undefined) throw new Error('a thread answers one question at a time');
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#open = { resolve, reject };
    const timer = setTimeout(() => {
      this.#fail(new ThreadError('THREAD_TOO_SLOW', `took more than ${limitMs / 1000} s`));
    }, limitMs);
    this.#worker.ref();
    try {
      this.#worker.postMessage(question, transfer);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#worker.unref();
    }
  }

  /** Ends the thread. An open question is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new ThreadError('THREAD_FAILED', 'was ended'));
    await this.#worker.terminate();
  }

  #answer(answer: Answer): void {
    this.#open?.resolve(answer);
    this.#open = undefined;
  }

  #fail(error: ThreadError): void {
    this.#end ??= error;
    this.#open?.reject(this.#end);
    this.#open = undefined;
    void this.#worker.terminate();
  }
}

/**
 * The program of a thread, in the folder of the module that starts it. The bundle has one file for each program, in the
 * folder of all its files (scripts/bundle.ts lists them).
 * @param name file name without its ending
 * @param from `import.meta.url` of the module
 */
export function programBeside(name: string, from: string): URL {
  return new URL(`./${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}

function startWorker(program: URL, heapMiB: number): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_MIB };
  try {
    return new Worker(program, { resourceLimits, env: {}, execArgv: permissionsOf(program) });
  } catch (cause) {
    if (!isCoded(cause, 'ERR_ACCESS_DENIED')) throw cause;
    throw new ThreadError('THREAD_NOT_ALLOWED', 'needs a thread: start Node with --allow-worker', { cause });
  }
}

/**
 * Node's permissions of a thread are those of its own flags: without any it could do everything, even if the process may
 * not. A thread may only read its program.
 */
function permissionsOf(program: URL): string[] {
  // The sources of a checkout are in many folders. The bundle is in one.
  const readable = program.pathname.endsWith('.ts') ? '*' : new URL('./*', program).pathname;
  return ['--permission', `--allow-fs-read=${readable}`];
}

function failureOf(cause: unknown): ThreadError {
  if (isCoded(cause, 'ERR_WORKER_OUT_OF_MEMORY'))
    return new ThreadError('THREAD_OUT_OF_MEMORY', 'needed more memory than it may have', { cause });
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ThreadError('THREAD_FAILED', `failed: ${why}`, { cause });
}

function isCoded(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
