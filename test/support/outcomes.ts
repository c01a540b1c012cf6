import type { Outcome } from '../../src/telemetry/outcome.ts';

/** An outcome of a quick `AdmissionReview` at stage `deny`. */
export function outcomeOf(given: Pick<Outcome, 'review' | 'decision'> & Partial<Outcome>): Outcome {
  const at = new Date('2026-01-02T03:04:05.678Z');
  return { at, protocol: 'AdmissionReview', durationMs: 1, stage: 'deny', ...given };
}
