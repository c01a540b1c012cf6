import { isUtf8 } from 'node:buffer';
import {
  type Answer,
  MalformedReviewError,
  type ReviewExchange,
  type ReviewProtocol,
} from '../admission/exchange.ts';
import type { Bouncer } from '../bouncer.ts';
import { phrase } from '../language/phrase.ts';
import { type Decision, failed } from '../policy/decision.ts';
import { applyStage } from '../policy/stage.ts';
import { type ReviewSummary, summaryOf } from '../telemetry/outcome.ts';
import { SHED_CODES, type ShedReason } from '../telemetry/shed-reviews.ts';
import { budgetOf } from './deadline.ts';
import type { Route } from './routes.ts';
import type { ReviewContext } from './server-context.ts';

/** How long to wait for a bouncer after its budget, in milliseconds. It is shorter than the margin of the deadline. */
const GRACE_MS = 200;

/** The decision of a server after an unexpected failure. */
const BROKEN: Bouncer = { decide: () => failed('INTERNAL') };

/** Replaces a decision that could not be rendered. It is compared by identity to detect a second failure. */
const NOT_RENDERED = failed('INTERNAL');

/**
 * Decides the review in a whole body. The answer is a promise only if the decision is one. Never throws or rejects: an
 * internal error becomes a refusal.
 *
 * @param startedMs earliest possible arrival time of the request, by `context.now`
 */
export function handleReview(
  context: ReviewContext,
  route: Route,
  body: Buffer,
  startedMs: number,
): Answer | Promise<Answer> {
  const broken = context.isBroken();
  const isLate = body.length > context.limits.largeBytes && remainingMs(context, route, startedMs) <= 0;
  const reason = broken ? 'failure' : isLate ? 'deadline' : undefined;
  const refusal = reason && refuseUnparsed(context, route, body, reason);
  return refusal ?? decide(context, broken ? BROKEN : context.bouncer, route, body, startedMs);
}

/**
 * Refuses a review without parsing it, or by parsing it if its first bytes contain no uid. `undefined` if the body is
 * too large for that, or incomplete (`receiving`).
 */
export function refuseUnparsed(
  context: ReviewContext,
  route: Route,
  body: Buffer,
  reason: ShedReason,
): Answer | undefined {
  const { protocol, stage } = route;
  let answer = protocol.respondFromHead(body);
  if (answer === undefined) {
    if (body.length > context.limits.largeBytes || reason === 'receiving') return undefined;
    const exchange = openExchange(context, protocol, body);
    if (exchange instanceof MalformedReviewError) return reject(context, protocol, exchange);
    answer = (decision) => exchange.respond(decision);
  }
  context.recorder.shed(protocol.name, reason);
  return answer(applyStage(failed(SHED_CODES[reason]), stage));
}

/** The remaining time for the decision, in milliseconds. */
function remainingMs(context: ReviewContext, { query }: Route, startedMs: number): number {
  return budgetOf(query, context.maximumTimeoutMs) - (context.now() - startedMs);
}

function decide(
  context: ReviewContext,
  bouncer: Bouncer,
  route: Route,
  body: Buffer,
  startedMs: number,
): Answer | Promise<Answer> {
  const exchange = openExchange(context, route.protocol, body);
  if (exchange instanceof MalformedReviewError) return reject(context, route.protocol, exchange);
  let decision: Decision | Promise<Decision>;
  try {
    const budgetMs = remainingMs(context, route, startedMs);
    decision = bouncer.decide(exchange.review, budgetMs);
    if (decision instanceof Promise) decision = settleWithin(decision, budgetMs + GRACE_MS);
  } catch (error) {
    decision = failInternally(context, error);
  }
  if (!(decision instanceof Promise)) return respond(context, route, exchange, decision, startedMs);
  const waiting = { review: summaryOf(exchange.review), respond: exchange.respond };
  return respondLater(context, route, waiting, decision, startedMs);
}

/** A review without its object. The object may be large, and many reviews may wait for one slow source. */
type JudgedReview = Pick<ReviewExchange, 'respond'> & { readonly review: ReviewSummary };

/** A function of its own, because a function in `decide` would keep all that `decide` has. */
function respondLater(
  context: ReviewContext,
  route: Route,
  exchange: JudgedReview,
  decision: Promise<Decision>,
  startedMs: number,
): Promise<Answer> {
  return decision
    .catch((error: unknown) => failInternally(context, error))
    .then((settled) => respond(context, route, exchange, settled, startedMs));
}

/** The same promise, or a failed decision if it is late. A timer for each review would take a tenth of its time. */
function settleWithin(decision: Promise<Decision>, withinMs: number): Promise<Decision> {
  const { promise: late, resolve } = Promise.withResolvers<Decision>();
  const timer = setTimeout(() => resolve(failed('DEADLINE')), withinMs).unref();
  return Promise.race([decision, late]).finally(() => clearTimeout(timer));
}

function failInternally({ onFailure }: ReviewContext, error: unknown): Decision {
  onFailure?.(error);
  return failed('INTERNAL');
}

function reject({ recorder }: ReviewContext, protocol: ReviewProtocol, error: MalformedReviewError): Answer {
  recorder.reject(error.code);
  return protocol.reject(error);
}

function openExchange(
  { onFailure }: ReviewContext,
  protocol: ReviewProtocol,
  body: Buffer,
): ReviewExchange | MalformedReviewError {
  // toString() would replace invalid bytes by U+FFFD, so two different names could become equal.
  if (!isUtf8(body)) return new MalformedReviewError('MALFORMED_JSON', phrase('MALFORMED_JSON.utf-8'));
  let isParsed = false;
  try {
    const document: unknown = JSON.parse(body.toString());
    isParsed = true;
    return protocol.open(document);
  } catch (error) {
    if (error instanceof MalformedReviewError) return error;
    // Not reported: the parser's message quotes the body, which may contain secrets.
    if (!isParsed) return new MalformedReviewError('MALFORMED_JSON', phrase('MALFORMED_JSON.json'));
    onFailure?.(error);
    return new MalformedReviewError('MALFORMED_REVIEW', phrase('MALFORMED_REVIEW.unreadable'));
  }
}

/** Renders the decision at the stage of the route, and records it. A failing recorder does not change the answer. */
function respond(
  context: ReviewContext,
  route: Route,
  exchange: JudgedReview,
  decision: Decision,
  startedMs: number,
): Answer {
  const { protocol, stage } = route;
  let rendered: Answer;
  try {
    rendered = exchange.respond(applyStage(decision, stage));
  } catch (error) {
    // The second error of the same review is not reported: it has the same cause.
    if (decision !== NOT_RENDERED) {
      context.onFailure?.(error);
      return respond(context, route, exchange, NOT_RENDERED, startedMs);
    }
    const reason = phrase('MALFORMED_REVIEW.unanswerable');
    rendered = protocol.reject(new MalformedReviewError('MALFORMED_REVIEW', reason));
  }
  try {
    const durationMs = context.now() - startedMs;
    const review = summaryOf(exchange.review);
    context.recorder.record({
      at: context.today(),
      review,
      decision,
      protocol: protocol.name,
      durationMs,
      stage,
    });
  } catch (error) {
    context.onFailure?.(error);
  }
  return rendered;
}
