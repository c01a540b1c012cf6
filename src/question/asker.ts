import { AnswerCache } from './answer-cache.ts';
import { type Answer, type Question, questionId, readAnswer, type Source, unavailable } from './question.ts';

/** A question with the time that a review has for it, in milliseconds. */
export interface TimedQuestion {
  readonly question: Question;
  readonly withinMs: number;
}

/** Returns the answer to a question of the same call of {@link Asker.ask}. */
type AnswerOf = (question: Question) => Answer;

/** The result of one question of one review. */
export interface AskedQuestion {
  readonly kind: string;
  readonly answer: Answer;
  /** Whether the answer was in the cache. */
  readonly cached: boolean;
  readonly durationMs: number;
}

/** A monotonic clock, in milliseconds, and its timers. */
export interface Clock {
  readonly now: () => number;
  /** Calls `run` after `ms`; returns a function that cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
}

export interface AskerLimits {
  /** Maximum number of calls of sources at the same time. Other questions wait, but not beyond their time. @default 64 */
  readonly calls?: number;
  /** Maximum number of different open questions. Others get `TOO_MANY_QUESTIONS` immediately. @default 4096 */
  readonly openQuestions?: number;
  /** Maximum number of answers in the cache. @default 4096 */
  readonly cachedAnswers?: number;
}

export interface AskerOptions {
  /** One for each kind of question. */
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly limits?: AskerLimits;
  /** Called once for each question of each review. */
  readonly onAsked?: (asked: AskedQuestion) => void;
  /** Called with the error of a source, and with a {@link MalformedAnswerError} if a source returned no answer. */
  readonly onFailure?: (error: unknown) => void;
}

/** A question without an answer, and the reviews that wait for it. */
interface OpenQuestion {
  readonly id: string;
  readonly question: Question;
  readonly source: Source;
  readonly waiters: Set<Waiter>;
  /** When the last of them has no time left. */
  untilMs: number;
  readonly abort: AbortController;
}

interface Waiter {
  readonly resolve: (answer: Answer) => void;
  readonly cancelTimer: () => void;
}

/** A source is not called with less time than this. Timers may be early by less than this. */
const MINIMUM_CALL_MS = 1;

/** A source returned a value that is not an answer. */
class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
  readonly code = 'ANSWER_MALFORMED';
}

/**
 * Gets the answers to the questions of all reviews. Reviews that wait for the same question share one call of its
 * source. When the last of them has no time left, the signal of the source fires. Only known answers are cached. A source
 * that ignores its signal no longer counts as a call, because it would otherwise block all other questions.
 */
export class Asker {
  readonly #options: AskerOptions;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #cache: AnswerCache;
  readonly #maximumCalls: number;
  readonly #maximumOpen: number;
  /** By id: questions whose source was called, and questions that wait for a call. */
  readonly #open = new Map<string, OpenQuestion>();
  /** Questions that wait for a call, the oldest first. */
  readonly #queue = new Set<OpenQuestion>();
  #calls = 0;

  constructor(options: AskerOptions) {
    const { calls = 64, openQuestions = 4096, cachedAnswers = 4096 } = options.limits ?? {};
    this.#options = options;
    this.#sources = new Map(options.sources.map((source) => [source.kind, source]));
    this.#cache = new AnswerCache(cachedAnswers);
    this.#maximumCalls = calls;
    this.#maximumOpen = openQuestions;
  }

  /** The time of its clock, in milliseconds. */
  now(): number {
    return this.#options.clock.now();
  }

  /**
   * Gets the answers to the questions of one review. If a question is in the list several times, the longest of its times
   * counts. Never rejects. Resolves when each question has an answer, at the latest when the longest time is over.
   */
  async ask(questions: readonly TimedQuestion[]): Promise<AnswerOf> {
    const distinct = new Map<string, TimedQuestion>();
    for (const timed of questions) {
      const id = questionId(timed.question);
      const other = distinct.get(id);
      if (other === undefined || other.withinMs < timed.withinMs) distinct.set(id, timed);
    }
    const answers = new Map<string, Answer>();
    // The time starts here for all of them: a source may work before it returns its promise.
    const startedMs = this.#options.clock.now();
    const asking = Array.from(distinct, async ([id, timed]) =>
      answers.set(id, await this.#answer(id, timed, startedMs)),
    );
    await Promise.all(asking);
    return (question) => answers.get(questionId(question)) ?? unavailable('NO_SOURCE');
  }

  async #answer(id: string, { question, withinMs }: TimedQuestion, startedMs: number): Promise<Answer> {
    const { clock, onAsked } = this.#options;
    const known = this.#cache.get(id, startedMs);
    const answer = known ?? (await this.#wait(id, question, startedMs + withinMs));
    const { kind } = question;
    const durationMs = clock.now() - startedMs;
    this.#report(() => onAsked?.({ kind: kind.name, answer, cached: known !== undefined, durationMs }));
    return answer;
  }

  #wait(id: string, question: Question, untilMs: number): Answer | Promise<Answer> {
    const source = this.#sources.get(question.kind.name);
    if (source === undefined) return unavailable('NO_SOURCE');
    const withinMs = untilMs - this.#options.clock.now();
    // Also if it is not a number.
    if (!(withinMs > 0)) return unavailable('DEADLINE');
    const known = this.#open.get(id);
    if (known === undefined && this.#open.size >= this.#maximumOpen) return unavailable('TOO_MANY_QUESTIONS');
    const open = known ?? { id, question, source, waiters: new Set(), untilMs, abort: new AbortController() };
    open.untilMs = Math.max(open.untilMs, untilMs);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const cancelTimer = this.#options.clock.after(withinMs, () => {
      this.#giveUp(open, waiter);
      resolve(unavailable('DEADLINE'));
    });
    const waiter = { resolve, cancelTimer };
    open.waiters.add(waiter);
    if (known === undefined) {
      this.#open.set(id, open);
      this.#queue.add(open);
      this.#startCalls();
    }
    return promise;
  }

  /** Called when one review has no time left. The question stays open for the other reviews. */
  #giveUp(open: OpenQuestion, waiter: Waiter): void {
    open.waiters.delete(waiter);
    if (open.waiters.size > 0) return;
    this.#open.delete(open.id);
    if (this.#queue.delete(open)) return;
    this.#calls -= 1;
    open.abort.abort();
    this.#startCalls();
  }

  #startCalls(): void {
    for (const open of this.#queue) {
      if (this.#calls >= this.#maximumCalls) return;
      // Its timer is about to drop it. The timers of one review end together, and each frees a place for a call.
      if (open.untilMs - this.#options.clock.now() < MINIMUM_CALL_MS) continue;
      this.#queue.delete(open);
      this.#calls += 1;
      void this.#call(open);
    }
  }

  async #call(open: OpenQuestion): Promise<void> {
    const answer = await this.#answerOf(open);
    // No review waits for this answer any more. The same question may be open again by now.
    if (open.abort.signal.aborted) return;
    const { id, question, waiters } = open;
    this.#open.delete(id);
    this.#calls -= 1;
    const { cacheMs } = question.kind;
    if (answer.outcome === 'known' && cacheMs > 0)
      this.#cache.set(id, answer, this.#options.clock.now() + cacheMs);
    for (const { resolve, cancelTimer } of waiters) {
      cancelTimer();
      resolve(answer);
    }
    this.#startCalls();
  }

  /** Calls the source. An exception or a malformed value becomes an unavailable answer. */
  async #answerOf({ question, source, abort }: OpenQuestion): Promise<Answer> {
    const fail = (error: unknown): void => {
      if (!abort.signal.aborted) this.#report(() => this.#options.onFailure?.(error));
    };
    let returned: unknown;
    try {
      returned = await source.ask(question, abort.signal);
    } catch (error) {
      fail(error);
      return unavailable('ANSWER_UNAVAILABLE');
    }
    try {
      const answer = readAnswer(question, returned);
      if (answer !== undefined) return answer;
      fail(
        new MalformedAnswerError(
          `the source of "${source.kind}" returned a value that is not an answer of this kind`,
        ),
      );
    } catch (error) {
      fail(error);
    }
    return unavailable('ANSWER_MALFORMED');
  }

  /** Calls an observer. An exception of it must not prevent the answer. */
  #report(observe: () => void): void {
    try {
      observe();
    } catch {
      // The observer is the only place to report an error to.
    }
  }
}
