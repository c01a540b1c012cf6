/**
 * A fact that a verdict depends on and that the review does not carry, such as the digest behind a tag. A question is
 * plain data: a rule makes it, the `Asker` asks it, a `Source` answers it.
 */
export interface Question<Subject = unknown, Value = unknown> {
  readonly kind: QuestionKind<Value>;
  /**
   * Everything that the answer depends on, also the identity of credentials. Questions of one kind with one key share
   * an answer, so a key that leaves something out gives one caller the answer of another.
   */
  readonly key: string;
  /** What the source reads. It follows from the key. */
  readonly subject: Subject;
}

/** What the questions of one kind have in common. */
export interface QuestionKind<Value = unknown> {
  /** Short, fixed and on one line, such as `digest`. It selects the source, and it is the value of a metric label. */
  readonly name: string;
  /** How long another review may use a known answer, in milliseconds; 0: no other review may. */
  readonly cacheMs: number;
  /** Whether a value has the type of this kind. Everything else from a source is `ANSWER_MALFORMED`. */
  readonly isValue: (value: unknown) => value is Value;
}

/** Why a question has no answer. docs/errors.md lists the codes. */
export type UnavailableCode =
  /** The time for asking ended. */
  | 'DEADLINE'
  /** The source failed. */
  | 'ANSWER_UNAVAILABLE'
  /** The source answered with something that is no answer to this kind of question. */
  | 'ANSWER_MALFORMED'
  /** The gate has no source for this kind of question. */
  | 'NO_SOURCE'
  /** Too many questions are open already. */
  | 'TOO_MANY_QUESTIONS';

export type Answer<Value = unknown> =
  | { readonly outcome: 'known'; readonly value: Value }
  | { readonly outcome: 'unavailable'; readonly code: UnavailableCode };

/**
 * Answers one kind of question: the port behind which a registry or an API server stands. All hosts of a source share the
 * places of the `Asker`, so a source must limit the open calls for each host. Its abort listeners must not throw.
 */
export interface Source<Subject = unknown, Value = unknown> {
  /** The name of the kind. */
  readonly kind: string;
  /** Must stop when the signal fires: then no review waits for the answer. May reject, which is `ANSWER_UNAVAILABLE`. */
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

/** The answer in what a source returned; `undefined` if it is none. */
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

/** The same text for questions that share an answer. */
export function questionId({ kind, key }: Question): string {
  return `${kind.name}\n${key}`;
}
