import type { ImageReference, InvalidReference, ReferenceErrorCode } from '../image/reference.ts';
import type { ImageUse } from '../image/use.ts';
import type { Objection } from '../language/objection.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import type { UnavailableCode } from '../question/question.ts';
import type { SubjectErrorCode } from '../workload/image-list.ts';

/** What a violation does: `Deny` refuses the request, `Warn` tells its sender, `Audit` annotates the audit event. */
export const VALIDATION_ACTIONS = ['Deny', 'Warn', 'Audit'] as const;

export type ValidationAction = (typeof VALIDATION_ACTIONS)[number];

/** Stable codes of what a rule, or the lack of one, objects to. docs/errors.md lists them with their remedies. */
export type RuleErrorCode =
  | 'DISALLOWED_TAG'
  | 'TAG_NOT_ALLOWED'
  | 'DISALLOWED_IMAGE'
  | 'IMAGE_NOT_ALLOWED'
  | 'DIGEST_REQUIRED'
  | 'NOT_FULLY_QUALIFIED'
  | 'UNMATCHED_IMAGE';

export type ViolationCode = RuleErrorCode | ReferenceErrorCode | SubjectErrorCode | UnavailableCode;

/** Codes of a decision that could not be reached; it refuses all the same. */
export type FailureCode = 'DEADLINE' | 'INTERNAL' | 'NO_POLICY' | 'OVERLOADED';

/** One objection, at one place, under the actions of its rule. */
export interface Violation extends Objection<ViolationCode> {
  readonly actions: readonly [ValidationAction, ...ValidationAction[]];
  /** Name of the rule; `undefined` when no rule but the gate itself objects. */
  readonly rule: string | undefined;
  /** The place; `undefined` when the whole object is what is wrong. */
  readonly use: ImageUse | undefined;
  /** The rule author's own words, in the language that the gate speaks. */
  readonly message: Shown | undefined;
}

/** Something to be told that refuses nothing: an unknown kind, a placeholder, a bad image that was there before. */
export interface Notice {
  readonly code: 'UNKNOWN_KIND' | 'PLACEHOLDER' | 'UNCHANGED_VIOLATION' | 'MIRROR_POD' | 'NOT_DECIDED';
  readonly use: ImageUse | undefined;
  readonly text: Phrase;
  /** The kind that nobody knows, of an `UNKNOWN_KIND`. */
  readonly kind?: string;
}

/** An image use as it was judged. */
export interface JudgedUse {
  readonly use: ImageUse;
  readonly reference: ImageReference | InvalidReference;
  /** The digest that rules judged, if an answer had one: `sha256:…`. */
  readonly digest?: string;
}

/** Which policy it was, for logs, metrics and audit events. */
export interface PolicyIdentity {
  readonly name: string;
  /** Changes with every change of meaning: the first 12 hex digits of the SHA-256 of the document. */
  readonly revision: string;
}

interface Judgement {
  /** The policy that judged; `undefined` when there was none. */
  readonly policy: PolicyIdentity | undefined;
  /** Every image use of the object that was judged, in the order of the object. */
  readonly uses: readonly JudgedUse[];
  readonly notices: readonly Notice[];
}

/** The protocol-free answer. */
export type Decision =
  | (Judgement & { readonly outcome: 'admitted'; readonly violations: readonly Violation[] })
  | (Judgement & {
      readonly outcome: 'refused';
      readonly violations: readonly [Violation, ...Violation[]];
      /** How many rules were not asked, because others refuse the review without a question. Absent if none. */
      readonly unaskedRules?: number;
    })
  | (Judgement & {
      readonly outcome: 'failed';
      readonly code: FailureCode;
      readonly violations: readonly [];
    });

/** A decision that could not be reached; it refuses. */
export function failed(code: FailureCode): Decision {
  return { outcome: 'failed', code, policy: undefined, uses: [], notices: [], violations: [] };
}

/** Why a decision could not be reached, without anything that only an operator may know. */
export function failureReason(code: FailureCode): Phrase {
  return phrase(`${code}.reason`);
}
