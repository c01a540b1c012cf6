import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { Policy } from '../policy/policy.ts';
import type { FileResult } from '../report/result.ts';
import { programBeside, Thread, ThreadError } from '../thread/thread.ts';
import { createJudge, judgeFiles, type FileBatch, type Judge, type JudgeSettings } from './judge-file.ts';
import type { JudgeQuestion } from './judge-program.ts';
import { resultOfUnread, unread, type Work } from './read-batches.ts';

/** What judging one large file may cost. */
interface JudgeBounds {
  /** Heap of the thread that judges, in MiB. */
  readonly heapMiB: number;
  /** Longest time, in milliseconds. */
  readonly limitMs: number;
}

const BOUNDS: JudgeBounds = { heapMiB: 1024, limitMs: 60_000 };

/** Time for a thread to start and to make its policy, in milliseconds. */
const START_MS = 60_000;

/** After so many batches of small files a second thread helps. Starting it takes as long as judging a thousand files. */
const BATCHES_FOR_ONE = 8;

/** After so many batches the heap has the size that it needs. */
const BATCHES_TO_GROW = 16;

export interface JudgesOptions {
  /** Whether a second thread may help with small files. */
  readonly parallel: boolean;
  /** @default 1 GiB and a minute */
  readonly bounds?: JudgeBounds | undefined;
}

type Results = Promise<readonly FileResult[]>;

/**
 * Judges files in two threads. Small files are judged here, or in the other thread while it is free. Large files are
 * judged only there, because some texts of a megabyte take minutes or gigabytes. A file that takes more than `bounds` is not
 * judged, and the next one gets a new thread.
 */
export class Judges implements AsyncDisposable {
  readonly #settings: JudgeSettings;
  readonly #here: Judge;
  readonly #parallel: boolean;
  readonly #bounds: JudgeBounds;
  #batches = 0;
  #thread: Thread<JudgeQuestion, readonly FileResult[]> | undefined;
  /** Ends when the thread is free. It never rejects. */
  #busy: Promise<unknown> = Promise.resolve();
  #isFree = false;
  /** Whether Node may not start threads. */
  #isAlone = false;

  constructor(settings: JudgeSettings, policy: Policy, { parallel, bounds = BOUNDS }: JudgesOptions) {
    this.#settings = settings;
    this.#here = createJudge(settings, policy);
    this.#parallel = parallel;
    this.#bounds = bounds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.[Symbol.asyncDispose]();
  }

  /** Begins to judge. It returns as soon as the next work can be read, with a promise of the results. */
  async begin(work: Work): Promise<{ readonly results: Results }> {
    if (work.kind === 'done') return { results: Promise.resolve([work.result]) };
    if (work.kind === 'large') return this.#beginLarge(work.batch);
    this.#batches += 1;
    if (this.#batches === BATCHES_TO_GROW) keepYoungGenerationSmall();
    if (this.#isFree) return { results: this.#judgeThere(copyOf(work.batch)) };
    const helps = this.#parallel && this.#batches > BATCHES_FOR_ONE && !this.#isAlone;
    if (helps && this.#thread === undefined) this.#start();
    const results = await judgeFiles(work.batch, this.#here);
    // Lets the answers of the thread in.
    await nextTurn();
    return { results: Promise.resolve(results) };
  }

  #start(): void {
    try {
      this.#thread = new Thread(programBeside('judge-program', import.meta.url), this.#bounds);
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      this.#isAlone = true;
      return;
    }
    this.#ask({ settings: this.#settings }, START_MS).catch(() => undefined);
  }

  /** Asks the thread, which is not free until it has answered. After an error there is no thread any more. */
  #ask(
    question: JudgeQuestion,
    limitMs = this.#bounds.limitMs,
    transfer: readonly ArrayBuffer[] = [],
  ): Results {
    if (this.#thread === undefined) throw new Error('there is no thread to ask');
    this.#isFree = false;
    const results = this.#thread.ask(question, limitMs, transfer);
    this.#busy = this.#follow(results);
    return results;
  }

  async #follow(results: Results): Promise<void> {
    try {
      await results;
      this.#isFree = true;
    } catch {
      this.#thread = undefined;
    }
  }

  async #judgeThere(batch: FileBatch): Promise<readonly FileResult[]> {
    try {
      return await this.#ask({ batch });
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      return judgeFiles(batch, this.#here);
    }
  }

  async #beginLarge(batch: FileBatch): Promise<{ readonly results: Results }> {
    await this.#busy;
    if (this.#thread === undefined && !this.#isAlone) this.#start();
    await this.#busy;
    if (this.#thread !== undefined) return { results: this.#judgeLarge(batch) };
    // Node runs without the permission to start threads, so nothing bounds the time.
    return { results: judgeFiles(batch, this.#here) };
  }

  async #judgeLarge(batch: FileBatch): Promise<readonly FileResult[]> {
    try {
      // The bytes are of no use here any more, so they are moved and not copied.
      return await this.#ask({ batch }, this.#bounds.limitMs, [batch.bytes.buffer as ArrayBuffer]);
    } catch (error) {
      const cost = error instanceof ThreadError ? this.#costOf(error) : undefined;
      if (cost === undefined) throw error;
      const sentence = `${cost} (write it as several documents or files, without anchors)`;
      return batch.files.map(({ file }) => resultOfUnread(unread(file, 'FILE_TOO_COSTLY', sentence)));
    }
  }

  #costOf({ code }: ThreadError): string | undefined {
    const { limitMs, heapMiB } = this.#bounds;
    if (code === 'THREAD_TOO_SLOW') return `reading it took more than ${limitMs / 1000} s`;
    if (code === 'THREAD_OUT_OF_MEMORY') return `reading it needs more than ${heapMiB} MiB of memory`;
    return undefined;
  }
}

/**
 * V8 doubles the part of the heap for new objects, up to 100 MB, while many of them are made. Here each lives for
 * milliseconds, so a small part is as fast.
 */
function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** The buffer of a batch is used again for the next one. */
function copyOf({ files, bytes }: FileBatch): FileBatch {
  return { files, bytes: bytes.slice() };
}
