/**
 * A request for a fact that is not in the review and that a verdict depends on, such as the digest of a tag. It is plain
 * data: a rule returns it, the `Asker` passes it to a `Source`, and the `Source` returns the answer.
 */
export interface Question<Subject = unknown, Value = unknown> {
  readonly kind: QuestionKind<Value>;
  /**
   * Identifies everything that the answer depends on, also the credentials. Questions of one kind with the same key share
   * an answer. If the key is incomplete, a review gets the answer to a different question.
   */
  readonly key: string;
  /** The input of the source. Questions with the same key have the same input. */
  readonly subject: Subject;
}

/** The properties that all questions of one kind share. */
export interface QuestionKind<Value = unknown> {
  /** Short, fixed and on one line, such as `digest`. It selects the source, and it is the value of a metric label. */
  readonly name: string;
  /** How long later reviews may use a known answer, in milliseconds; 0: never. */
  readonly cacheMs: number;
  /** Whether a value has the type of this kind. If not, the answer is `ANSWER_MALFORMED`. */
  readonly isValue: (value: unknown) => value is Value;
}

/** Why a question has no answer. docs/errors.md lists the codes. */
export type UnavailableCode =
  /** No answer came in time. */
  | 'DEADLINE'
  /** The source failed. */
  | 'ANSWER_UNAVAILABLE'
  /** The source returned a value that is not an answer to this kind of question. */
  | 'ANSWER_MALFORMED'
  /** The gate has no source for this kind of question. */
  | 'NO_SOURCE'
  /** Too many questions are open. */
  | 'TOO_MANY_QUESTIONS';

export type Answer<Value = unknown> =
  | { readonly outcome: 'known'; readonly value: Value }
  | { readonly outcome: 'unavailable'; readonly code: UnavailableCode };

/**
 * Answers one kind of question, for example by a call of a registry or of an API server. All hosts of a source share the
 * calls of the `Asker`, so a source must limit the open calls for each host. Its abort listeners must not throw.
 */
export interface Source<Subject = unknown, Value = unknown> {
  /** {@link QuestionKind.name} of the kind that it answers. */
  readonly kind: string;
  /** Must stop when the signal fires, because no review waits for the answer then. If it rejects, the answer is `ANSWER_UNAVAILABLE`. */
  ask(question: Question<Subject, Value>, signal: AbortSignal): Promise<Answer<Value>>;
}

const CODES: Readonly<Record<UnavailableCode, true>> = {
  DEADLINE: true,
  ANSWER_UNAVAILABLE: true,
  ANSWER_MALFORMED: true,
  NO_SOURCE: true,
  TOO_MANY_QUESTIONS: true,
};

const UNAVAILABLE = Object.fromEntries(
  Object.keys(CODES).map((code) => [code, Object.freeze({ outcome: 'unavailable', code })]),
) as Readonly<Record<UnavailableCode, Answer & { readonly outcome: 'unavailable' }>>;

export function unavailable(code: UnavailableCode): Answer & { readonly outcome: 'unavailable' } {
  return UNAVAILABLE[code];
}

/** Checks the value that a source returned; `undefined` if it is not an answer to the question. */
export function readAnswer({ kind }: Question, returned: unknown): Answer | undefined {
  if (typeof returned !== 'object' || returned === null || !('outcome' in returned)) return undefined;
  if (returned.outcome === 'known' && 'value' in returned) {
    const { value } = returned;
    return kind.isValue(value) ? { outcome: 'known', value } : undefined;
  }
  if (returned.outcome !== 'unavailable' || !('code' in returned)) return undefined;
  const { code } = returned;
  return typeof code === 'string' && Object.hasOwn(UNAVAILABLE, code)
    ? UNAVAILABLE[code as UnavailableCode]
    : undefined;
}

/** Identifies a question. Questions that share an answer have the same id. */
export function questionId({ kind, key }: Question): string {
  return `${kind.name}\n${key}`;
}
