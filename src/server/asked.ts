import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../admission/exchange.ts';
import type { ShedReason } from '../telemetry/shed-reason.ts';
import type { Backlog, QueuedReview } from './backlog.ts';
import { type BodyFate, type BodyMemory, BodyReceiver, type BodyTaker } from './body.ts';
import type { Refusal, Reply } from './refusal.ts';
import type { ReviewHandler } from './review-handler.ts';
import type { Route } from './routes.ts';

/** What all that ask have in common. */
export interface Desk {
  readonly handler: ReviewHandler;
  readonly backlog: Backlog;
  readonly memory: BodyMemory;
  readonly send: (response: ServerResponse, answer: Answer) => void;
  /** Answers at once, and ends the connection; what has no code is counted already. */
  readonly refuse: (request: IncomingMessage, response: ServerResponse, refusal: Refusal | Reply) => void;
  readonly refusalOfLarge: (route: Route) => Refusal;
}

const NOTHING = Buffer.alloc(0);

/** One review that was asked for, from the head of its request to its answer. It is answered once. */
export class Asked implements BodyTaker, QueuedReview {
  readonly #desk: Desk;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #startedMs: number;
  #receiver: BodyReceiver | undefined;
  #body: Buffer | undefined;
  #isOver = false;

  /** @param startedMs when it can have come at the earliest */
  constructor(
    desk: Desk,
    request: IncomingMessage,
    response: ServerResponse,
    route: Route,
    startedMs: number,
  ) {
    this.#desk = desk;
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#startedMs = startedMs;
  }

  /** Begins to take the body. */
  receive(): void {
    this.#receiver = new BodyReceiver(this.#request, this.#desk.memory, this);
  }

  get bytes(): number {
    return this.#body?.length ?? 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  takeBody(fate: BodyFate, body: Buffer): void {
    if (fate === 'whole') {
      this.#body = body;
      this.#desk.backlog.take(this);
    } else if (fate === 'too large') this.#refuse();
    else this.#shed(body, 'receiving');
  }

  decide(): void | Promise<void> {
    const { handler } = this.#desk;
    const answer = handler.handle(this.#route, this.#known, this.#startedMs);
    if (answer instanceof Promise) return answer.then((settled) => this.#send(settled));
    this.#send(answer);
  }

  shed(reason: ShedReason): void {
    if (!this.#isOver) this.#shed(this.#known, reason);
  }

  /**
   * Something broke, maybe amid this very review: refuses it, unless nobody knows yet whom to answer; then its body will
   * tell. What has been answered in part cannot be taken back.
   */
  fail(): void {
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return;
    if (response.headersSent) return void response.destroy();
    this.#isOver = false;
    if (this.#receiver === undefined) this.receive();
    const { handler } = this.#desk;
    if (this.#body !== undefined || handler.knows(this.#route, this.#known)) this.shed('failure');
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    this.#isOver = true;
    this.#body = undefined;
    this.#receiver?.release();
  }

  /** The body, or as much of it as there is. */
  get #known(): Buffer {
    return this.#body ?? this.#receiver?.head ?? NOTHING;
  }

  #shed(body: Buffer, reason: ShedReason): void {
    const answer = this.#desk.handler.shed(this.#route, body, reason);
    if (answer === undefined) this.#refuse();
    else if (this.#request.complete) this.#send(answer);
    else this.#refuse(answer);
  }

  #refuse(refusal: Refusal | Reply = this.#desk.refusalOfLarge(this.#route)): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#desk.refuse(this.#request, this.#response, refusal);
    this.close();
  }

  #send(answer: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#desk.send(this.#response, answer);
    this.close();
  }
}
