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

/** A piece costs some 350 bytes beside its own; smaller ones than this are put together. */
const SMALL_BYTES = 4096;

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

  /** The first bytes of what has come, with zeros behind them if it is not enough. */
  get head(): Buffer {
    return this.#head ?? Buffer.concat(this.#chunks, HEAD_BYTES);
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
      this.#taker.takeBody('too large', Buffer.alloc(0));
    } else if (this.#memory.take(chunk.length, this.#bytes)) {
      this.#bytes += chunk.length;
      this.#keep(chunk);
    } else {
      // A copy: the piece of the socket's memory that the chunk is a view of is what there is no room for.
      this.#head = Buffer.concat([...this.#chunks, chunk], HEAD_BYTES);
      this.release();
      this.#receiving = true;
    }
  }

  /**
   * Of the small pieces none is less than twice as long as the next, whatever their sender makes of a body: in pieces of
   * one byte each, 7 MiB would take 2 GiB.
   */
  #keep(chunk: Buffer): void {
    let piece = chunk;
    let before = this.#chunks.at(-1);
    while (before !== undefined && before.length < SMALL_BYTES && before.length < 2 * piece.length) {
      piece = join(before, piece);
      this.#chunks.pop();
      before = this.#chunks.at(-1);
    }
    this.#chunks.push(piece);
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

/** In memory of its own: a part of Node's pool would keep all of it, with everything that was put together in between. */
function join(one: Buffer, other: Buffer): Buffer {
  const joined = Buffer.allocUnsafeSlow(one.length + other.length);
  one.copy(joined);
  other.copy(joined, one.length);
  return joined;
}
