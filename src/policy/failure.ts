import { phrase, type Phrase } from '../language/phrase.ts';
import type { Decision, FailureCode } from './decision.ts';

/** A decision that could not be reached; it refuses. */
export function failed(code: FailureCode): Decision {
  return { outcome: 'failed', code, policy: undefined, uses: [], notices: [], violations: [] };
}

/** Why it could not, without anything that only an operator may know. */
export function failureReason(code: FailureCode): Phrase {
  return phrase(`${code}.reason`);
}
