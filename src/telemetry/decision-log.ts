import type { Decision, Violation } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import type { Stage } from '../policy/stage.ts';
import type { LogFields } from './log.ts';

/** Lists longer than this are cut; their counts are not. */
const MAX_LISTED = 32;
/** Texts longer than this are cut: all of them come from the requester. */
const MAX_CHARACTERS = 256;

/** A review without its object, which may be large and is nobody's business here. */
export type ReviewFacts = Omit<Review, 'subject'>;

/** The one protocol name that a log line and a label carry. */
export type ProtocolName = 'ImageReview' | 'AdmissionReview';

/**
 * A decision as fields of a log line: who asked, what for, what was found. It is an allow-list, so what a review may
 * come to hold later (annotations, an object, a header) stays out until someone names it here.
 */
export function renderDecision(
  review: ReviewFacts,
  decision: Decision,
  protocol: ProtocolName,
  durationMs: number,
  stage: Stage,
): LogFields {
  return {
    uid: clip(review.uid),
    protocol,
    operation: clip(review.operation),
    dryRun: review.dryRun,
    user: clip(review.user?.username),
    namespace: clip(review.namespace),
    resource: clip(review.resource),
    subresource: clip(review.subresource),
    object: clip(review.object),
    images: decision.uses.slice(0, MAX_LISTED).map(({ use }) => clip(use.image)),
    imageCount: decision.uses.length,
    outcome: decision.outcome,
    // Only where it makes a difference: below `deny` the outcome is what the next stage would bring.
    stage: stage === 'deny' ? undefined : stage,
    code: decision.outcome === 'failed' ? decision.code : undefined,
    violations: decision.violations.slice(0, MAX_LISTED).map(renderViolation),
    violationCount: decision.violations.length,
    notices:
      decision.notices.length === 0 ? undefined : [...new Set(decision.notices.map(({ code }) => code))],
    policy: decision.policy && { name: clip(decision.policy.name), revision: clip(decision.policy.revision) },
    durationMs: Math.round(durationMs * 1000) / 1000,
  };
}

function renderViolation({ rule, code, actions, use }: Violation): LogFields {
  return { rule: clip(rule), code, actions, field: clip(use?.field), image: clip(use?.image) };
}

function clip(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS) : text;
}
