import { quote } from '../image/quote.ts';
import { phrase } from '../language/phrase.ts';
import { type Decision, type ValidationAction, type Violation, failureReason } from './decision.ts';

/**
 * What a refusal by the policy does. `deny`: refuse. `warn`: admit, and warn the sender and the audit log. `audit`: admit,
 * and write to the audit log only. The path of the request selects the stage, so one gate with one policy can be rolled
 * out namespace by namespace.
 */
export const STAGES = ['deny', 'warn', 'audit'] as const;

export type Stage = (typeof STAGES)[number];

const ACTIONS: Readonly<Record<Exclude<Stage, 'deny'>, readonly [ValidationAction, ...ValidationAction[]]>> =
  {
    warn: ['Warn', 'Audit'],
    audit: ['Audit'],
  };

/**
 * The decision that the sender gets. Below `deny` nothing is refused, not even a review that could not be decided. The
 * recorder gets the original decision, so the log of an early stage shows what the next stage would refuse.
 */
export function applyStage(decision: Decision, stage: Stage): Decision {
  if (stage === 'deny') return decision;
  const { policy, uses } = decision;
  // At stage `audit` the sender gets no warnings, so notices are dropped.
  const notices = stage === 'warn' ? decision.notices : [];
  if (decision.outcome === 'failed') {
    const { code } = decision;
    const message = failureReason(code);
    const text = phrase('NOT_DECIDED.text', { stage: quote(stage), code: quote(code), message });
    const notDecided = stage === 'warn' ? [{ code: 'NOT_DECIDED', use: undefined, text } as const] : [];
    return { outcome: 'admitted', policy, uses, violations: [], notices: [...notices, ...notDecided] };
  }
  const violations = decision.violations.map((violation) => soften(violation, stage));
  return { outcome: 'admitted', policy, uses, violations, notices };
}

function soften(violation: Violation, stage: 'warn' | 'audit'): Violation {
  const changes =
    violation.actions.includes('Deny') || (stage === 'audit' && violation.actions.includes('Warn'));
  return changes ? { ...violation, actions: ACTIONS[stage] } : violation;
}
