import assert from 'node:assert/strict';
import { englishText } from './phrases.ts';
import { admissionReview } from './protocols.ts';
import { MalformedReviewError, type Answer, type ReviewProtocol } from '../../src/admission/exchange.ts';
import { createBouncer } from '../../src/bouncer.ts';
import type { Decision, Violation } from '../../src/policy/decision.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Review } from '../../src/policy/review.ts';
import type { Fields } from '../../src/document/json.ts';
import { NO_LATEST } from './policies.ts';
import { admissionReviewOf, type Request } from './reviews.ts';
import { fieldOf } from '../../src/image/use.ts';

/** The verdict of the core. Without questions it is available immediately. */
export function decide(review: Review, policy: Policy = NO_LATEST): Decision {
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const decision = bouncer.decide(review, 1000);
  assert.ok(!(decision instanceof Promise), 'a policy without questions is answered synchronously');
  return decision;
}

/** The verdict on a request that comes as an `AdmissionReview` v1. */
export function judge(request: Request, policy?: Policy): Decision {
  return decide(admissionReview.open(admissionReviewOf(request)).review, policy);
}

/** The result of a decision, in lines that fit a table: `DISALLOWED_TAG spec.containers[0].image web`. */
export function summarise({ outcome, violations }: Decision): readonly string[] {
  return [outcome, ...violations.map(summariseViolation)];
}

/** Code, field and container of a violation. The field of an unreadable object is in the reason. */
function summariseViolation({ code, use, reason }: Violation): string {
  return use === undefined
    ? `${code} ${englishText(reason)}`
    : `${code} ${fieldOf(use) ?? '-'} ${use.container ?? '-'}`;
}

/** An answer of the gate, from the document to bytes and back. */
export interface Reply {
  readonly status: Answer['status'];
  readonly text: string;
  readonly body: Fields;
}

/** Sends a document to the gate as a server does. */
export function ask(protocol: ReviewProtocol, document: unknown, policy?: Policy): Reply {
  try {
    const exchange = protocol.open(document);
    return replyOf(exchange.respond(decide(exchange.review, policy)));
  } catch (error) {
    if (!(error instanceof MalformedReviewError)) throw error;
    return replyOf(protocol.reject(error));
  }
}

/** The `response` of an `AdmissionReview` v1 of a request. */
export function askAdmission(request: Request, policy?: Policy): AdmissionResponse {
  return ask(admissionReview, admissionReviewOf(request), policy).body['response'] as AdmissionResponse;
}

/** @see https://github.com/kubernetes/api/blob/v0.37.1/admission/v1/types.go */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: {
    readonly status: string;
    readonly code: number;
    readonly reason: string;
    readonly message: string;
    readonly details?: {
      readonly causes: readonly Readonly<Record<'reason' | 'message' | 'field', string>>[];
    };
  };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function replyOf({ status, body }: Answer): Reply {
  return { status, text: body, body: JSON.parse(body) as Fields };
}
