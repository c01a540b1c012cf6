import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../admission/exchange.ts';
import { HEAD_BYTES } from '../admission/review-head.ts';
import type { ShedReason } from '../telemetry/shed-reviews.ts';
import type { QueuedReview } from './backlog.ts';
import { type BodyListener, BodyReceiver, type BodyResult, hasMoreImages } from './body.ts';
import type { OpenRequest } from './connections.ts';
import { timeoutOf } from './deadline.ts';
import { bodyTooLarge, refuse, send } from './http-answer.ts';
import type { Refusal, Reply } from './refusal.ts';
import { handleReview, refuseUnparsed } from './review-handler.ts';
import type { Route } from './routes.ts';
import type { ServerContext } from './server-context.ts';

const NOTHING = Buffer.alloc(0);

/** No caller has a shorter timeout. The API server accepts whole seconds only. */
const SHORTEST_MS = 100;

/** One request for a review, from its head to its answer. It is answered once. */
export class ReviewRequest implements BodyListener, QueuedReview, OpenRequest {
  readonly #context: ServerContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #startedMs: number;
  #receiver: BodyReceiver | undefined;
  #body: Buffer | undefined;
  #isOver = false;

  /** @param startedMs earliest possible arrival time of the request, by `context.now` */
  constructor(context: ServerContext, response: ServerResponse, route: Route, startedMs: number) {
    this.#context = context;
    this.#request = response.req;
    this.#response = response;
    this.#route = route;
    this.#startedMs = startedMs;
  }

  /** Starts to receive the body. */
  receive(): void {
    this.#receiver = new BodyReceiver(this.#request, this.#context.memory, this);
  }

  get isLong(): boolean {
    return this.#received.length > this.#context.limits.largeBytes;
  }

  get isLarge(): boolean {
    return this.isLong || hasMoreImages(this.#received, this.#context.limits.largeImages);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  onBody(result: BodyResult, body: Buffer): void {
    if (result === 'whole') {
      this.#body = body;
      this.#context.backlog.submit(this);
    } else if (result === 'too large') this.#refuse();
    else this.#shed(body, 'receiving');
  }

  decide(): void | Promise<void> {
    const answer = handleReview(this.#context, this.#route, this.#received, this.#startedMs);
    if (!(answer instanceof Promise)) return this.#send(answer);
    this.#keepHead();
    return answer.then((settled) => this.#send(settled));
  }

  shed(reason: ShedReason): void {
    if (!this.#isOver) this.#shed(this.#received, reason);
  }

  /**
   * Refuses this review after an unexpected failure, which this review may have caused. If the uid is not received yet,
   * the refusal follows with the rest of the body. A response that is sent in part cannot be replaced: its connection is
   * destroyed.
   */
  fail(): void {
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return;
    if (response.headersSent) return void response.destroy();
    this.#isOver = false;
    if (this.#receiver === undefined) this.receive();
    const isWhole = this.#body !== undefined;
    if (isWhole || this.#route.protocol.respondFromHead(this.#received) !== undefined) this.shed('failure');
  }

  /** The request has ended, with or without an answer: releases its memory. */
  close(): void {
    if (!this.#isOver) this.#countIfLate();
    this.#isOver = true;
    this.#body = undefined;
    this.#receiver?.release();
  }

  /** The whole body, or its first bytes. */
  get #received(): Buffer {
    return this.#body ?? this.#receiver?.head ?? NOTHING;
  }

  /**
   * Releases the body of a review that waits for answers, so that reviews of one slow source leave memory to others. Only
   * `fail` still needs its first bytes. If these have no uid, the body is kept.
   */
  #keepHead(): void {
    if (this.#body === undefined || this.#route.protocol.respondFromHead(this.#body) === undefined) return;
    this.#body = Buffer.from(this.#body.subarray(0, HEAD_BYTES));
    this.#receiver?.release();
  }

  #shed(body: Buffer, reason: ShedReason): void {
    const answer = refuseUnparsed(this.#context, this.#route, body, reason);
    if (answer === undefined) this.#refuse();
    else if (this.#request.complete) this.#send(answer);
    else this.#refuse(answer);
  }

  #refuse(refusal: Refusal | Reply = bodyTooLarge(this.#context, this.#route.protocol)): void {
    if (this.#isOver) return;
    this.#countIfLate();
    this.#isOver = true;
    refuse(this.#context, this.#response, refusal);
    this.close();
  }

  #send(answer: Answer): void {
    if (this.#isOver) return;
    this.#countIfLate();
    this.#isOver = true;
    send(this.#context, this.#response, answer);
    this.close();
  }

  /** Counts this review if the time of its caller is over. */
  #countIfLate(): void {
    const { now, maximumTimeoutMs, recorder } = this.#context;
    const elapsedMs = now() - this.#startedMs;
    // Most answers are in time. The timeout is read only of the others.
    if (elapsedMs > SHORTEST_MS && elapsedMs > timeoutOf(this.#route.query, maximumTimeoutMs))
      recorder.answerLate(this.#route.protocol.name);
  }
}
