import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { imageReviewOfImages } from '../support/reviews.ts';
import { metricOf } from './ask.ts';
import type { GateProcess } from './gate-process.ts';

type Gate = Pick<GateProcess, 'port' | 'healthPort'>;

/** A review over plain HTTP that the gate has begun to receive. */
interface OpenReview extends Disposable {
  /** Sends the rest of the body and resolves with the body of the answer. */
  readonly finish: () => Promise<string>;
  /** Resolves with the body of the answer, also if it comes before the rest is sent. */
  readonly answer: Promise<string>;
}

/**
 * Sends the head of a review of one image and the first bytes of its body, and waits until the gate counts the
 * review. No other client may use the gate at the same time, because its reviews are counted too.
 */
export function openReview(gate: Gate, path: string, image: string, bytes = 10): Promise<OpenReview> {
  return openBody(gate, path, JSON.stringify(imageReviewOfImages([image])), bytes);
}

/** The same with any body. */
export async function openBody(gate: Gate, path: string, body: string, bytes: number): Promise<OpenReview> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outgoing = request({ host: '127.0.0.1', port: gate.port, path, method: 'POST', headers });
  outgoing.on('response', (response) => void text(response).then(resolve, reject));
  outgoing.on('error', reject);
  const inflight = await metricOf(gate, 'inflight');
  outgoing.write(body.slice(0, bytes));
  // A caller that never finishes the body does not wait for the answer.
  promise.catch(() => undefined);
  while ((await metricOf(gate, 'inflight')) <= inflight) await delay(5);
  return {
    finish: () => {
      outgoing.end(body.slice(bytes));
      return promise;
    },
    answer: promise,
    [Symbol.dispose]: () => void outgoing.destroy(),
  };
}

/** Sends the end of the body after this number of milliseconds. Resolves with the body of the answer. */
export async function askSlowly(
  gate: Gate,
  path: string,
  image: string,
  milliseconds: number,
): Promise<string> {
  using review = await openReview(gate, path, image);
  await delay(milliseconds);
  // Awaited here, because the review is closed at the end of the block.
  return await review.finish();
}
