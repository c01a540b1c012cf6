import type { Remedy } from '../remedy.ts';

/**
 * How bad a finding is. `fault`: images may be admitted unchecked, or refused without reason. `warning`: this can happen
 * later. `note`: for information.
 */
export type Severity = 'fault' | 'warning' | 'note';

/** The parts that all findings of one code share. */
export interface FindingKind {
  readonly severity: Severity;
  /** Why it matters, in one or two sentences. */
  readonly why: string;
  /** The remedy for findings that have no remedy of their own. */
  readonly remedy: Remedy;
}

export type FindingKinds = Readonly<Record<string, FindingKind>>;
