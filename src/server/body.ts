import type { IncomingMessage } from 'node:http';
import { HEAD_BYTES } from '../admission/review-head.ts';
import { breakLater } from './break-later.ts';

/** Memory for bodies from their first byte to their answer: so much for one, so much for all. */
export class BodyMemory {
  readonly bodyBytes: number;
  readonly #receivingBytes: number;
  #usedBytes = 0;

  constructor({
    bodyBytes,
    receivingBytes,
  }: {
    readonly bodyBytes: number;
    readonly receivingBytes: number;
  }) {
    this.bodyBytes = bodyBytes;
    this.#receivingBytes = receivingBytes;
  }

  /** False when there is no room for so many bytes. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#receivingBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/**
 * What became of a body: it is there, it is longer than one may be, or there was no room for it beside the others. Of
 * the last only the first bytes are left.
 */
export type BodyFate = 'whole' | 'too large' | 'no room';

export interface BodyTaker {
  /** Told once, of a body without room only when it has ended: its sender may not listen before. */
  readonly takeBody: (fate: BodyFate, body: Buffer) => void;
}

const NOTHING = Buffer.alloc(0);

/** Receives a body within the memory that there is, and holds that memory until it is told to {@link release}. */
export class BodyReceiver {
  readonly #memory: BodyMemory;
  readonly #taker: BodyTaker;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The first bytes of a body that found no room. */
  #head: Buffer | undefined;
  #receiving = true;

  constructor(request: IncomingMessage, memory: BodyMemory, taker: BodyTaker) {
    this.#memory = memory;
    this.#taker = taker;
    // Events, not `for await`: that costs a third of a review more.
    request.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk);
      } catch (error) {
        breakLater(error);
      }
    });
    request.on('end', () => this.#end());
  }

  /** What has come so far, or the beginning of it. */
  get head(): Buffer {
    return this.#head ?? this.#chunks[0] ?? NOTHING;
  }

  /** Gives the memory back, and listens no more. */
  release(): void {
    this.#receiving = false;
    this.#memory.give(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
  }

  #take(chunk: Buffer): void {
    if (!this.#receiving || this.#head !== undefined) return;
    if (this.#bytes + chunk.length > this.#memory.bodyBytes) {
      this.release();
      this.#taker.takeBody('too large', NOTHING);
    } else if (this.#memory.take(chunk.length)) {
      this.#bytes += chunk.length;
      this.#chunks.push(chunk);
    } else {
      // A copy: the piece of the socket's memory that the chunk is a view of is what there is no room for.
      this.#head = Buffer.from((this.#chunks[0] ?? chunk).subarray(0, HEAD_BYTES));
      this.release();
      this.#receiving = true;
    }
  }

  #end(): void {
    if (!this.#receiving) return;
    this.#receiving = false;
    if (this.#head !== undefined) return this.#taker.takeBody('no room', this.#head);
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#taker.takeBody('whole', body);
  }
}
