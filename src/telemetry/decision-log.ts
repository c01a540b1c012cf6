import type { Violation } from '../policy/decision.ts';
import type { LogFields } from './log.ts';
import type { Outcome } from './outcome.ts';
import { fieldOf } from '../image/use.ts';

/** Longer lists are cut; the counts beside them are not. */
const MAX_LISTED = 32;
/** Longer texts are cut, because they come from the requester. */
const MAX_CHARACTERS = 256;

/**
 * The fields of the log line of an outcome. It is an allow-list: fields that a review may get later (annotations, an
 * object, a header) are not logged unless they are named here.
 */
export function renderOutcome({ review, decision, protocol, durationMs, stage }: Outcome): LogFields {
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
    // Only if it makes a difference: at `warn` and `audit` the outcome is what stage `deny` would do.
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
  return { rule: clip(rule), code, actions, field: clip(use && fieldOf(use)), image: clip(use?.image) };
}

function clip(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS) : text;
}
