import type { OraclePolicy, ProtocolName } from './policy.ts';
import type { Truth } from './scene.ts';

export type Stage = 'deny' | 'warn' | 'audit';

/** The expected result of a case. A review without a uid gets HTTP 4xx without a verdict. */
type Expected = 'admit' | 'refuse' | 'reject';

/** A request to the gate, with the data that only the oracle has. */
export interface Case {
  readonly index: number;
  readonly policy: OraclePolicy;
  /** The reason why it is good or bad. */
  readonly family: string;
  readonly truth: Truth;
  readonly expected: Expected;
  /** Whether the gate counts a decision, or a request that is not a review. */
  readonly recorded: 'decision' | 'rejection';
  /** Whether the sender must be warned; `undefined` if both are correct. */
  readonly warns: boolean | undefined;
  readonly protocol: ProtocolName;
  readonly apiVersion: string;
  readonly uid: string | undefined;
  readonly stage: Stage;
  /** Path and query of the request. */
  readonly target: string;
  /** How long the caller waits. */
  readonly timeoutMs: number;
  readonly body: Buffer;
  /** Further properties that the run counts: kind, operation, stage. */
  readonly facets: readonly string[];
}
