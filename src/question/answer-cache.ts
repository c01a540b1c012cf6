import type { Answer } from './question.ts';

interface CachedAnswer {
  readonly answer: Answer;
  readonly untilMs: number;
}

/** Known answers, each with the time of its end. If the cache is full, a new answer replaces the oldest one. */
export class AnswerCache {
  readonly #limit: number;
  /** By the id of the question, the oldest answer first. */
  readonly #answers = new Map<string, CachedAnswer>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: string, nowMs: number): Answer | undefined {
    const cached = this.#answers.get(id);
    if (cached === undefined) return undefined;
    if (nowMs < cached.untilMs) return cached.answer;
    this.#answers.delete(id);
    return undefined;
  }

  /** Keeps an answer until `untilMs`. Both `set` and `get` use the same clock. */
  set(id: string, answer: Answer, untilMs: number): void {
    this.#answers.delete(id);
    this.#answers.set(id, { answer, untilMs });
    if (this.#answers.size <= this.#limit) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}
