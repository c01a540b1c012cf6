/** How bad a finding is: `fault` nothing may be enforced, `warning` it will be or may be, `note` to be known. */
export type Severity = 'fault' | 'warning' | 'note';

/** What is the same for every finding of one code. */
export interface FindingKind {
  readonly severity: Severity;
  /** Why it matters, in one sentence. */
  readonly why: string;
  /** The command that mends it, or the nearest thing to one. */
  readonly remedy: string;
}

export type FindingKinds = Readonly<Record<string, FindingKind>>;
