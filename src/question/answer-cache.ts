import type { Answer } from './question.ts';

interface CachedAnswer {
  readonly answer: Answer;
  readonly untilMs: number;
}

/** Known answers until their time is over. When it is full, the oldest makes room. */
export class AnswerCache {
  readonly #limit: number;
  /** In the order in which they came. */
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

  /** Keeps an answer until a time of the same clock as in `get`. */
  set(id: string, answer: Answer, untilMs: number): void {
    this.#answers.delete(id);
    this.#answers.set(id, { answer, untilMs });
    if (this.#answers.size <= this.#limit) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}
