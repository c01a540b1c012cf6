import type { OraclePolicy, ProtocolName } from './policy.ts';
import type { Truth } from './scene.ts';

export type Stage = 'deny' | 'warn' | 'audit';

/** What must become of a case: HTTP 4xx without a verdict is what a review without a uid gets. */
type Expected = 'admit' | 'refuse' | 'reject';

/** One question to the gate, and what only the oracle knows about it. */
export interface Case {
  readonly index: number;
  readonly policy: OraclePolicy;
  /** Why it is good or bad. */
  readonly family: string;
  readonly truth: Truth;
  readonly expected: Expected;
  /** Whether the gate counts a decision, or a request that never became a review. */
  readonly recorded: 'decision' | 'rejection';
  /** Whether the sender must be warned; `undefined` when either is fine. */
  readonly warns: boolean | undefined;
  readonly protocol: ProtocolName;
  readonly apiVersion: string;
  readonly uid: string | undefined;
  readonly stage: Stage;
  /** Path and query. */
  readonly target: string;
  /** How long the caller waits. */
  readonly timeoutMs: number;
  readonly body: Buffer;
  /** What else the run counts: kind, operation, stage. */
  readonly facets: readonly string[];
}
