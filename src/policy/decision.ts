import type { Path } from '../document/json.ts';
import type { ImageReference, InvalidReference, ReferenceErrorCode } from '../image/reference.ts';
import type { ImageUse } from '../image/use.ts';
import type { Objection } from '../language/objection.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import type { UnavailableCode } from '../question/question.ts';
import type { SubjectErrorCode } from '../workload/image-list.ts';

/** What a violation does: `Deny` refuses the request, `Warn` warns its sender, `Audit` annotates the audit event. */
export const VALIDATION_ACTIONS = ['Deny', 'Warn', 'Audit'] as const;

export type ValidationAction = (typeof VALIDATION_ACTIONS)[number];

/** Stable codes of the objections of rules, or of a missing rule. docs/errors.md lists them with their remedies. */
export type RuleErrorCode =
  | 'DISALLOWED_TAG'
  | 'TAG_NOT_ALLOWED'
  | 'DISALLOWED_IMAGE'
  | 'IMAGE_NOT_ALLOWED'
  | 'DIGEST_REQUIRED'
  | 'NOT_FULLY_QUALIFIED'
  | 'UNMATCHED_IMAGE';

export type ViolationCode = RuleErrorCode | ReferenceErrorCode | SubjectErrorCode | UnavailableCode;

/** Codes of a review that could not be decided. It is refused. */
export type FailureCode = 'DEADLINE' | 'INTERNAL' | 'NO_POLICY' | 'OVERLOADED';

/** One objection, at one place, under the actions of its rule. */
export interface Violation extends Objection<ViolationCode> {
  readonly actions: readonly [ValidationAction, ...ValidationAction[]];
  /** Name of the rule; `undefined` if the gate itself objects. */
  readonly rule: string | undefined;
  /** The image at its place; `undefined` if the whole object is wrong. */
  readonly use: ImageUse | undefined;
  /** The field that is wrong, if it is no image; `undefined` if it is not known. */
  readonly path?: Path;
  /** The message of the rule's author, in the language of the gate. */
  readonly message: Shown | undefined;
}

/** A warning that refuses nothing: an unknown kind, a placeholder, an unchanged bad image. */
export interface Notice {
  readonly code:
    | 'UNKNOWN_KIND'
    | 'PLACEHOLDER'
    | 'UNCHANGED_VIOLATION'
    | 'EXCLUDED_TEMPLATE'
    | 'MIRROR_POD'
    | 'NOT_DECIDED';
  readonly use: ImageUse | undefined;
  readonly text: Phrase;
  /** The unknown kind, if the code is `UNKNOWN_KIND`. */
  readonly kind?: string;
}

/** An image use as it was judged. */
export interface JudgedUse {
  readonly use: ImageUse;
  readonly reference: ImageReference | InvalidReference;
  /** The digest that rules judged, if an answer had one: `sha256:…`. */
  readonly digest?: string;
}

/** Identifies a policy in logs, metrics and audit events. */
export interface PolicyIdentity {
  readonly name: string;
  /** The first 12 hex digits of the SHA-256 of the parsed document: comments and the order of keys do not change it. */
  readonly revision: string;
}

interface Judgement {
  /** The policy that judged; `undefined` if there was none. */
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

/** The decision about a review that could not be decided: it refuses. */
export function failed(code: FailureCode): Decision {
  return { outcome: 'failed', code, policy: undefined, uses: [], notices: [], violations: [] };
}

/** Why it could not be decided. Details that only an operator may see are in the log. */
export function failureReason(code: FailureCode): Phrase {
  return phrase(`${code}.reason`);
}
