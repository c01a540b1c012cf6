import type { IncomingMessage } from 'node:http';
import { HEAD_BYTES } from '../admission/review-head.ts';
import { breakLater } from './break-later.ts';
import type { Limits } from './limits.ts';

/**
 * Memory for bodies from their first byte to their answer: so much for one, so much for all. Large ones leave an eighth
 * of it to the small ones, unless there is no room for one large one then.
 */
export class BodyMemory {
  readonly bodyBytes: number;
  readonly #largeBytes: number;
  readonly #all: number;
  readonly #forLarge: number;
  #usedBytes = 0;

  constructor(limits: Pick<Limits, 'bodyBytes' | 'largeBytes' | 'receivingBytes'>) {
    const { bodyBytes, largeBytes, receivingBytes } = limits;
    this.bodyBytes = bodyBytes;
    this.#largeBytes = largeBytes;
    this.#all = receivingBytes;
    this.#forLarge = Math.min(receivingBytes, Math.max(bodyBytes, (receivingBytes * 7) / 8));
  }

  /** False when there is no room for so many bytes more of a body that has some already. */
  take(bytes: number, already: number): boolean {
    const most = already + bytes > this.#largeBytes ? this.#forLarge : this.#all;
    if (this.#usedBytes + bytes > most) return false;
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
    } else if (this.#memory.take(chunk.length, this.#bytes)) {
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
