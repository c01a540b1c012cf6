import type { IncomingMessage } from 'node:http';
import { HEAD_BYTES } from '../admission/review-head.ts';
import type { Limits } from './limits.ts';
import { throwLater } from './throw-later.ts';

/** Number of bytes after which the garbage of received bodies is collected. */
const COLLECTED_BYTES = 16 * 1024 * 1024;

/** A body up to this length is not counted: V8 collects it in time, because what is made of it takes more memory. */
const SHORT_BYTES = 64 * 1024;

/**
 * Counts the memory of bodies, from their first byte to their answer: there is one limit for each body and one for all.
 * Large bodies leave an eighth of it to small ones, unless one large body would then find no room.
 */
export class BodyMemory {
  readonly bodyBytes: number;
  readonly #largeBytes: number;
  readonly #all: number;
  readonly #forLarge: number;
  readonly #collect: () => void;
  #usedBytes = 0;
  #uncollectedBytes = 0;

  /** @param collect collects young garbage */
  constructor(
    limits: Pick<Limits, 'bodyBytes' | 'largeBytes' | 'receivingBytes'>,
    collect: () => void = collectYoungGarbage,
  ) {
    const { bodyBytes, largeBytes, receivingBytes } = limits;
    this.#collect = collect;
    this.bodyBytes = bodyBytes;
    this.#largeBytes = largeBytes;
    this.#all = receivingBytes;
    this.#forLarge = Math.min(receivingBytes, Math.max(bodyBytes, (receivingBytes * 7) / 8));
  }

  /** Reserves `bytes` for a body that has reserved `already`. False, and nothing is reserved, if there is no room. */
  reserve(bytes: number, already: number): boolean {
    const most = already + bytes > this.#largeBytes ? this.#forLarge : this.#all;
    if (this.#usedBytes + bytes > most) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /**
   * Counts received bytes of long bodies, whether they are kept or not. Node allocates a buffer for every 16 KiB of a body, outside of
   * V8's heap. V8 alone collects these buffers so late that the process takes 100 MiB more.
   */
  countReceived(bytes: number): void {
    this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < COLLECTED_BYTES) return;
    this.#uncollectedBytes = 0;
    this.#collect();
  }
}

let collector: NodeJS.GCFunction | undefined;

/** Collects the young generation, which takes about a millisecond. */
function collectYoungGarbage(): void {
  collector ??= loadCollector();
  collector({ type: 'minor' });
}

/** V8's function `gc`. Only a context that is created after the flag was set has it. */
function loadCollector(): NodeJS.GCFunction {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  return process.getBuiltinModule('node:vm').runInNewContext('gc') as NodeJS.GCFunction;
}

/**
 * The end of a body: it was received, or it is longer than the limit, or there was no memory for it beside the other
 * bodies. In the last case only its first bytes are kept.
 */
export type BodyResult = 'whole' | 'too large' | 'no room';

export interface BodyListener {
  /**
   * Called once. For a body without room it is called only at the end of the body, because its client may not read a
   * response earlier.
   */
  readonly onBody: (result: BodyResult, body: Buffer) => void;
}

/** A buffer takes about 350 bytes beside its content, so chunks smaller than this are joined. */
const SMALL_BYTES = 4096;

/** Receives a body within the memory that is free, and keeps that memory until {@link release} is called. */
export class BodyReceiver {
  readonly #memory: BodyMemory;
  readonly #listener: BodyListener;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The first bytes of a body that found no room. */
  #head: Buffer | undefined;
  #receiving = true;

  constructor(request: IncomingMessage, memory: BodyMemory, listener: BodyListener) {
    this.#memory = memory;
    this.#listener = listener;
    // Events, because `for await` makes a review cost a third more.
    request.on('data', (chunk: Buffer) => {
      try {
        this.#receive(chunk);
      } catch (error) {
        throwLater(error);
      }
    });
    request.on('end', () => this.#end());
  }

  /** The first {@link HEAD_BYTES} of the received part, padded with zeros. */
  get head(): Buffer {
    return this.#head ?? Buffer.concat(this.#chunks, HEAD_BYTES);
  }

  /** Releases the memory, and ignores the rest of the body. */
  release(): void {
    this.#receiving = false;
    this.#memory.release(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
  }

  #receive(chunk: Buffer): void {
    const isLong = this.#head !== undefined || this.#bytes + chunk.length > SHORT_BYTES;
    if (isLong) this.#memory.countReceived(chunk.length);
    if (!this.#receiving || this.#head !== undefined) return;
    if (this.#bytes + chunk.length > this.#memory.bodyBytes) {
      this.release();
      this.#listener.onBody('too large', Buffer.alloc(0));
    } else if (this.#memory.reserve(chunk.length, this.#bytes)) {
      this.#bytes += chunk.length;
      this.#keep(chunk);
    } else {
      // A copy, because the chunk is a view of a larger buffer of the socket, which would stay in memory.
      this.#head = Buffer.concat([...this.#chunks, chunk], HEAD_BYTES);
      this.release();
      this.#receiving = true;
    }
  }

  /**
   * Joins small chunks, so that each is at least twice as long as the next, in whatever pieces the client sends the body:
   * in pieces of one byte, a body of 7 MiB would take 2 GiB.
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
    if (this.#head !== undefined) return this.#listener.onBody('no room', this.#head);
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#listener.onBody('whole', body);
  }
}

/** Allocates outside of Node's pool, because a slice of the pool keeps the whole pool with all earlier joins in memory. */
function join(one: Buffer, other: Buffer): Buffer {
  const joined = Buffer.allocUnsafeSlow(one.length + other.length);
  one.copy(joined);
  other.copy(joined, one.length);
  return joined;
}

/** How a field for an image begins in the JSON of the API server: `"image":"…"`. The first letters are rare in it. */
const IMAGE_FIELD = 'mage":';

/** The shortest text of an image in a body, in bytes: `"image":"a",`. */
const IMAGE_BYTES = 12;

const QUOTE = 0x22;

/**
 * Whether a body has more than `count` fields for images. It is not parsed, because that could take long. The fields of
 * `managedFields` are called `f:image`, and are no images.
 */
export function hasMoreImages(body: Buffer, count: number): boolean {
  if (body.length <= count * IMAGE_BYTES) return false;
  let found = 0;
  let at = body.indexOf(IMAGE_FIELD, 0, 'latin1');
  while (at !== -1) {
    // The quote before the i.
    if (body[at - 2] === QUOTE) found += 1;
    if (found > count) return true;
    at = body.indexOf(IMAGE_FIELD, at + 1, 'latin1');
  }
  return false;
}
