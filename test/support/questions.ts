// A rule that asks a question, for tests. No rule of the product asks one yet.
import { policyOf } from './policies.ts';
import { BUILT_IN_KINDS } from '../../src/workload/kinds.ts';
import { canonicalName } from '../../src/image/reference.ts';
import { objection } from '../../src/language/objection.ts';
import { createPolicy, type Policy } from '../../src/policy/policy.ts';
import type { PendingCheck, Rule } from '../../src/policy/rule.ts';
import { Asker, type AskerOptions, type Clock } from '../../src/question/asker.ts';
import type { Answer, Question, QuestionKind, Source } from '../../src/question/question.ts';

/** The answer of a source about an image: its digest, and whether it is approved. */
export interface Approval {
  readonly digest: string;
  readonly approved: boolean;
}

export const APPROVAL: QuestionKind<Approval> = {
  name: 'approval',
  cacheMs: 60_000,
  isValue: (value): value is Approval =>
    typeof value === 'object' &&
    value !== null &&
    'digest' in value &&
    typeof value.digest === 'string' &&
    'approved' in value &&
    typeof value.approved === 'boolean',
};

/** The question whether an image is approved, with the credentials of a user of the source. */
export function approvalOf(image: string, user = 'gate'): Question<string, Approval> {
  return { kind: APPROVAL, key: `${user} ${image}`, subject: image };
}

/** A rule that objects, with the code `DIGEST_REQUIRED`, to images that its source does not approve. */
export function approvedRule(parts: Partial<Rule> = {}): Rule {
  return {
    name: 'approved',
    kind: 'approved',
    actions: ['Deny'],
    match: undefined,
    exclude: undefined,
    vouchesFor: undefined,
    message: undefined,
    check: (image): PendingCheck<Approval> => ({
      question: approvalOf(`${canonicalName(image)}:${image.tag ?? ''}`),
      settle: ({ approved }) => (approved ? undefined : objection('DIGEST_REQUIRED.missing')),
      digestIn: ({ digest }) => digest,
    }),
    ...parts,
  };
}

/** Rules with the selectors and actions of a document, and with the check of the test rule. */
export async function rulesLike(...parts: readonly object[]): Promise<Rule[]> {
  const documented = await Promise.all(parts.map((part) => policyOf({ requiredDigest: {}, ...part })));
  const { check } = approvedRule();
  return documented.flatMap(({ rules }) => rules.map((rule) => Object.assign({}, rule, { check })));
}

/** A policy of rules that a document cannot contain. An image that no rule selects is allowed. */
export function policyOfRules(...rules: readonly Rule[]): Policy {
  return createPolicy({
    identity: { name: 'by-hand', revision: '000000000000' },
    rules,
    unmatchedImages: 'Allow',
    kinds: BUILT_IN_KINDS,
  });
}

export const APPROVED: Answer<Approval> = {
  outcome: 'known',
  value: { digest: `sha256:${'a'.repeat(64)}`, approved: true },
};
export const NOT_APPROVED: Answer<Approval> = {
  outcome: 'known',
  value: { digest: `sha256:${'b'.repeat(64)}`, approved: false },
};

/** A clock that moves only when `pass` is called. */
export interface TestClock extends Clock {
  /** Advances the clock and calls the due timers in order. */
  readonly pass: (ms: number) => void;
  /** Timers that are neither called nor cancelled. */
  readonly timers: () => number;
  /** Advances the clock to the next timer; `false` if there is none. */
  readonly next: () => boolean;
}

export function createTestClock(): TestClock {
  let nowMs = 0;
  const timers = new Map<object, { readonly atMs: number; readonly run: () => void }>();
  const callUntil = (endMs: number): void => {
    for (;;) {
      const due = [...timers].filter(([, { atMs }]) => atMs <= endMs);
      const [first] = due.toSorted(([, one], [, other]) => one.atMs - other.atMs);
      if (first === undefined) break;
      const [id, { atMs, run }] = first;
      timers.delete(id);
      nowMs = Math.max(nowMs, atMs);
      run();
    }
    nowMs = endMs;
  };
  return {
    now: () => nowMs,
    after: (ms, run) => {
      const id = {};
      timers.set(id, { atMs: nowMs + ms, run });
      return () => void timers.delete(id);
    },
    pass: (ms) => callUntil(nowMs + ms),
    timers: () => timers.size,
    next: () => {
      if (timers.size === 0) return false;
      callUntil(Math.min(...Array.from(timers.values(), ({ atMs }) => atMs)));
      return true;
    },
  };
}

/** Waits until no more work is possible without the clock. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** One call of a test source, which the test answers. */
interface SourceCall {
  readonly subject: unknown;
  readonly signal: AbortSignal;
  readonly answer: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A source that keeps its calls until the test answers them. */
export function createTestSource(kind = 'approval') {
  const calls: SourceCall[] = [];
  const source: Source = {
    kind,
    ask: ({ subject }, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      calls.push({ subject, signal, answer: resolve as (answer: unknown) => void, reject });
      return promise;
    },
  };
  return { source, calls };
}

/** An asker whose source behaves in the same way for each question, with a clock that does not advance. */
export function askerOf(ask: Source['ask'], options: Partial<AskerOptions> = {}): Asker {
  return new Asker({ sources: [{ kind: 'approval', ask }], clock: createTestClock(), ...options });
}
