import { isUtf8 } from 'node:buffer';
import {
  type Answer,
  MalformedReviewError,
  type ReviewExchange,
  type ReviewProtocol,
} from '../admission/exchange.ts';
import type { Bouncer } from '../bouncer.ts';
import { phrase } from '../language/phrase.ts';
import type { Decision } from '../policy/decision.ts';
import { failed } from '../policy/failure.ts';
import { applyStage } from '../policy/stage.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { SHED_CODES, type ShedReason } from '../telemetry/shed-reason.ts';
import { budgetOf } from './deadline.ts';
import type { Route } from './routes.ts';

export interface ReviewHandlerOptions {
  readonly bouncer: Bouncer;
  readonly recorder: Pick<Recorder, 'record' | 'reject' | 'shed'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** What an answer may take when the caller names no timeout, or a longer one. */
  readonly maximumTimeoutMs: number;
  /** A longer body is not read but to decide it in time. */
  readonly largeBytes: number;
  /** Told what went wrong inside; the caller is not. */
  readonly onFailure?: (error: unknown) => void;
}

/** Never throws or rejects: what fails, refuses. */
export interface ReviewHandler {
  /** A body at its route → the answer, at once when the decision is. */
  readonly handle: (route: Route, body: Buffer, startedMs: number) => Answer | Promise<Answer>;
  /**
   * A refusal of a body that nobody reads further than to know whom to answer; `undefined` when that would take to
   * read a large one.
   */
  readonly shed: (route: Route, body: Buffer, reason: ShedReason) => Answer | undefined;
  /** Whether so much of a body tells whom to answer. */
  readonly knows: (route: Route, head: Buffer) => boolean;
  /** From now on nothing is decided: something broke, and nobody knows what. */
  readonly fail: () => void;
}

/** A bouncer keeps its budget. Should one not, this much later is still within the margin of the deadline. */
const PATIENCE_MS = 200;

/** The way of a body through the protocol, the bouncer and back. */
export function createReviewHandler(options: ReviewHandlerOptions): ReviewHandler {
  const shed = shedder(options);
  const decide = decider(options);
  const isLate = (route: Route, body: Buffer, startedMs: number): boolean =>
    body.length > options.largeBytes && remainingMs(route, startedMs, options) <= 0;
  let { bouncer } = options;
  return {
    handle(route, body, startedMs) {
      const reason = bouncer === BROKEN ? 'failure' : isLate(route, body, startedMs) ? 'deadline' : undefined;
      return (reason && shed(route, body, reason)) ?? decide(bouncer, route, body, startedMs);
    },
    shed,
    knows: ({ protocol }, head) => protocol.glimpse(head) !== undefined,
    fail: () => {
      bouncer = BROKEN;
    },
  };
}

/** What is left of the time that the caller grants. */
function remainingMs(
  { query }: Route,
  startedMs: number,
  { now, maximumTimeoutMs }: Pick<ReviewHandlerOptions, 'now' | 'maximumTimeoutMs'>,
): number {
  return budgetOf(query, maximumTimeoutMs) - (now() - startedMs);
}

type Decide = (bouncer: Bouncer, route: Route, body: Buffer, startedMs: number) => Answer | Promise<Answer>;

function decider(options: ReviewHandlerOptions): Decide {
  const { recorder, now, onFailure } = options;
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
  return (bouncer, route, body, startedMs) => {
    const { protocol } = route;
    const exchange = openExchange(protocol, body, onFailure);
    if (exchange instanceof MalformedReviewError) {
      recorder.reject(exchange.code);
      return protocol.reject(exchange);
    }
    try {
      const budgetMs = remainingMs(route, startedMs, options);
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

function shedder({ recorder, largeBytes, onFailure }: ReviewHandlerOptions): ReviewHandler['shed'] {
  return ({ protocol, stage }, body, reason) => {
    let respond = protocol.glimpse(body);
    if (respond === undefined) {
      // Of a body without room only the beginning is there.
      if (body.length > largeBytes || reason === 'receiving') return undefined;
      const exchange = openExchange(protocol, body, onFailure);
      if (exchange instanceof MalformedReviewError) {
        recorder.reject(exchange.code);
        return protocol.reject(exchange);
      }
      respond = (decision) => exchange.respond(decision);
    }
    recorder.shed(protocol.name, reason);
    return respond(applyStage(failed(SHED_CODES[reason]), stage));
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
    return new MalformedReviewError('MALFORMED_REVIEW', phrase('MALFORMED_REVIEW.unreadable'));
  }
}

function parseBody(body: Buffer): unknown {
  // toString() would put U+FFFD in place of what is not UTF-8, and two names that differ could come out the same.
  if (!isUtf8(body)) throw new MalformedReviewError('MALFORMED_JSON', phrase('MALFORMED_JSON.utf-8'));
  try {
    return JSON.parse(body.toString());
  } catch {
    // Without the cause: its message quotes the body, which may hold secrets.
    throw new MalformedReviewError('MALFORMED_JSON', phrase('MALFORMED_JSON.json'));
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
      protocol.reject(new MalformedReviewError('MALFORMED_REVIEW', phrase('MALFORMED_REVIEW.unanswerable'))),
      failure,
    ];
  }
}

/** What decides once something broke. */
const BROKEN: Bouncer = { decide: () => failed('INTERNAL') };
