import { isUtf8 } from 'node:buffer';
import {
  type Answer,
  MalformedReviewError,
  type ReviewExchange,
  type ReviewProtocol,
} from '../admission/exchange.ts';
import type { Bouncer } from '../bouncer.ts';
import type { Decision } from '../policy/decision.ts';
import { applyStage } from '../policy/stage.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { budgetOf } from './deadline.ts';
import type { Route } from './routes.ts';

export interface ReviewHandlerOptions {
  readonly bouncer: Bouncer;
  readonly recorder: Pick<Recorder, 'record' | 'reject'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** What an answer may take when the caller names no timeout, or a longer one. */
  readonly maximumTimeoutMs: number;
  /** Told what went wrong inside; the caller is not. */
  readonly onFailure?: (error: unknown) => void;
}

/** A body at its route → the answer, at once when the decision is. Never throws or rejects: what fails, refuses. */
export type ReviewHandler = (route: Route, body: Buffer, startedMs: number) => Answer | Promise<Answer>;

/** A bouncer keeps its budget. Should one not, this much later is still within the margin of the deadline. */
const PATIENCE_MS = 200;

/** The way of a body through the protocol, the bouncer and back. */
export function createReviewHandler(options: ReviewHandlerOptions): ReviewHandler {
  const { bouncer, recorder, now, maximumTimeoutMs, onFailure } = options;
  const respond = (
    { protocol, stage }: Route,
    exchange: ReviewExchange,
    decision: Decision,
    startedMs: number,
  ): Answer => {
    const [answer, answered] = respondOrRefuse({ protocol, stage }, exchange, decision, onFailure);
    try {
      recorder.record(exchange.review, answered, protocol.name, now() - startedMs, stage);
    } catch (error) {
      onFailure?.(error);
    }
    return answer;
  };
  return (route, body, startedMs) => {
    const { protocol, query } = route;
    const exchange = openExchange(protocol, body, onFailure);
    if (exchange instanceof MalformedReviewError) {
      recorder.reject(exchange.code);
      return protocol.reject(exchange);
    }
    try {
      const budgetMs = budgetOf(query, maximumTimeoutMs) - (now() - startedMs);
      const decision = bouncer.decide(exchange.review, budgetMs);
      if (!(decision instanceof Promise)) return respond(route, exchange, decision, startedMs);
      return settleWithin(decision, budgetMs + PATIENCE_MS, onFailure).then((settled) =>
        respond(route, exchange, settled, startedMs),
      );
    } catch (error) {
      onFailure?.(error);
      return respond(route, exchange, failed('INTERNAL'), startedMs);
    }
  };
}

function openExchange(
  protocol: ReviewProtocol,
  body: Buffer,
  onFailure: ReviewHandlerOptions['onFailure'],
): ReviewExchange | MalformedReviewError {
  try {
    return protocol.open(parseBody(body));
  } catch (error) {
    if (error instanceof MalformedReviewError) return error;
    onFailure?.(error);
    return new MalformedReviewError('MALFORMED_REVIEW', 'the review cannot be read');
  }
}

function parseBody(body: Buffer): unknown {
  // toString() would put U+FFFD in place of what is not UTF-8, and two names that differ could come out the same.
  if (!isUtf8(body)) throw new MalformedReviewError('MALFORMED_JSON', 'the body is not UTF-8');
  try {
    return JSON.parse(body.toString());
  } catch {
    // Without the cause: its message quotes the body, which may hold secrets.
    throw new MalformedReviewError('MALFORMED_JSON', 'the body is not JSON');
  }
}

/** The decision, or a failed one when it rejects or is late. A timer is armed for promises only: it costs a tenth. */
async function settleWithin(
  decision: Promise<Decision>,
  withinMs: number,
  onFailure: ReviewHandlerOptions['onFailure'],
): Promise<Decision> {
  const { promise: late, resolve } = Promise.withResolvers<Decision>();
  const timer = setTimeout(() => resolve(failed('DEADLINE')), withinMs).unref();
  try {
    return await Promise.race([decision, late]);
  } catch (error) {
    onFailure?.(error);
    return failed('INTERNAL');
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The answer at the stage of the route, with the decision behind it: a failed one when the first could not be put
 * into words.
 */
function respondOrRefuse(
  { protocol, stage }: Pick<Route, 'protocol' | 'stage'>,
  exchange: ReviewExchange,
  decision: Decision,
  onFailure: ReviewHandlerOptions['onFailure'],
): [Answer, Decision] {
  try {
    return [exchange.respond(applyStage(decision, stage)), decision];
  } catch (error) {
    onFailure?.(error);
  }
  const failure = failed('INTERNAL');
  try {
    return [exchange.respond(applyStage(failure, stage)), failure];
  } catch {
    return [
      protocol.reject(new MalformedReviewError('MALFORMED_REVIEW', 'the review cannot be answered')),
      failure,
    ];
  }
}

const MESSAGES = {
  DEADLINE: 'there was not enough time to decide; try again',
  INTERNAL: 'the gate could not decide; its log says why',
} as const;

function failed(code: 'DEADLINE' | 'INTERNAL'): Decision {
  return {
    outcome: 'failed',
    code,
    message: MESSAGES[code],
    policy: undefined,
    uses: [],
    notices: [],
    violations: [],
  };
}
