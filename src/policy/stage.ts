import { quote } from '../image/quote.ts';
import { phrase } from '../language/phrase.ts';
import { type Decision, type ValidationAction, type Violation, failureReason } from './decision.ts';

/**
 * How hard a wiring lets verdicts bite. `deny` refuses what is refused; `warn` admits it, tells its sender and the
 * audit log; `audit` admits it and tells the audit log alone. The wiring chooses by the path that it calls, so that
 * one gate and one policy can be rolled out namespace by namespace.
 */
export const STAGES = ['deny', 'warn', 'audit'] as const;

export type Stage = (typeof STAGES)[number];

const ACTIONS: Readonly<Record<Exclude<Stage, 'deny'>, readonly [ValidationAction, ...ValidationAction[]]>> =
  {
    warn: ['Warn', 'Audit'],
    audit: ['Audit'],
  };

/**
 * A decision as a stage lets it bite: below `deny` nothing is refused, not even what could not be decided. What is
 * recorded is the decision itself, so that the log of an early stage tells what the next one would refuse.
 */
export function applyStage(decision: Decision, stage: Stage): Decision {
  if (stage === 'deny') return decision;
  const { policy, uses } = decision;
  // Notices are for the sender, whom the audit stage leaves in peace.
  const notices = stage === 'warn' ? decision.notices : [];
  if (decision.outcome === 'failed') {
    const { code } = decision;
    const message = failureReason(code);
    const text = phrase('NOT_DECIDED.text', { stage: quote(stage), code: quote(code), message });
    const told = stage === 'warn' ? [{ code: 'NOT_DECIDED', use: undefined, text } as const] : [];
    return { outcome: 'admitted', policy, uses, violations: [], notices: [...notices, ...told] };
  }
  const violations = decision.violations.map((violation) => soften(violation, stage));
  return { outcome: 'admitted', policy, uses, violations, notices };
}

function soften(violation: Violation, stage: 'warn' | 'audit'): Violation {
  const bites =
    violation.actions.includes('Deny') || (stage === 'audit' && violation.actions.includes('Warn'));
  return bites ? { ...violation, actions: ACTIONS[stage] } : violation;
}
