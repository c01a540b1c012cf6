import type { Socket } from 'node:net';
import type { Bouncer } from '../bouncer.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { Backlog } from './backlog.ts';
import type { BodyMemory } from './body.ts';
import type { Connections } from './connections.ts';
import type { Limits } from './limits.ts';
import type { LoopLag } from './loop-lag.ts';
import type { Routes } from './routes.ts';

/** Dependencies of a review, from its body to its answer. */
export interface ReviewContext {
  readonly bouncer: Bouncer;
  readonly recorder: Pick<Recorder, 'record' | 'reject' | 'shed'>;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Time of day: for the log, and for the validity of the certificate. */
  readonly today: () => Date;
  /** Maximum time for an answer if the caller sends no timeout, or a longer one. */
  readonly maximumTimeoutMs: number;
  readonly limits: Pick<Limits, 'largeBytes'>;
  /** Receives each internal error. The caller gets a code only. */
  readonly onFailure?: (error: unknown) => void;
  /** True after an unexpected failure: every review is then refused with code INTERNAL. */
  readonly isBroken: () => boolean;
}

/** Dependencies shared by all requests of one server. */
export interface ServerContext extends ReviewContext {
  readonly recorder: Recorder;
  readonly limits: Limits;
  readonly routes: Routes;
  readonly backlog: Pick<Backlog, 'submit'>;
  readonly memory: BodyMemory;
  readonly connections: Connections;
  readonly lag: Pick<LoopLag, 'at'>;
  /** True while the server shuts down: each connection closes after its next response. */
  readonly isDraining: () => boolean;
  /** False if the client certificate of this connection has none of the allowed names. */
  readonly isAllowed: (socket: Socket) => boolean;
}
