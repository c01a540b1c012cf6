import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podOf } from '../support/pods.ts';
import { admissionReviewOf, UID } from '../support/reviews.ts';
import { look, send } from './ask.ts';
import { startServe, type GateProcess } from './gate-process.ts';
import { openBody } from './slow-client.ts';

const REVIEW = JSON.stringify(
  admissionReviewOf({ object: podOf({ containers: [{ name: 'web', image: 'nginx:1.27.3' }] }) }),
);
/** The first bytes of a body, with and without a uid. */
const [KNOWN, UNKNOWN] = [200, 20];

const FAILURE = 'unexpected failure; the gate refuses every review and stops';

/** Throws once, at a place that the query of a request or a key of SEAMS selects. */
const SEAMS: Readonly<Record<string, string>> = {
  'the listener of a request': `
    const { on } = IncomingMessage.prototype;
    IncomingMessage.prototype.on = function (event, listener) {
      if (event === 'data' && this.url.includes('boom')) boom();
      return on.call(this, event, listener);
    };`,
  'the last chunk of a body': `
    const { concat } = Buffer;
    Buffer.concat = (chunks, length) => (length > 100_000 ? boom() : undefined, concat.call(Buffer, chunks, length));`,
  'the parsing of a large review': `
    const { toString } = Buffer.prototype;
    Buffer.prototype.toString = function (...args) {
      if (this.length > 300_000) setImmediate(boom);
      return toString.apply(this, args);
    };`,
  'an answer': `
    const { end } = ServerResponse.prototype;
    ServerResponse.prototype.end = function (...args) {
      if (this.req.url.includes('boom')) boom();
      return end.apply(this, args);
    };`,
  'the log': `
    const { toISOString } = Date.prototype;
    Date.prototype.toISOString = function () {
      if (globalThis.armed) boom();
      return toISOString.call(this);
    };
    process.on('SIGUSR2', () => { globalThis.armed = true; });`,
  'a timer': `process.on('SIGUSR2', () => setTimeout(boom, 1));`,
  'a promise': `process.on('SIGUSR2', async () => boom());`,
};

const PRELOAD = `
import { IncomingMessage, ServerResponse } from 'node:http';
let left = 1;
const boom = () => {
  if (left-- > 0) throw new RangeError('injected');
};
`;

/** The uid and the code of a refusal. */
function refusalOf(body: string): string {
  const { response } = JSON.parse(body) as {
    response: { uid: string; allowed: boolean; status?: { message: string } };
  };
  assert.equal(response.allowed, false);
  return `${response.uid} ${/[A-Z]{5,}/.exec(response.status?.message ?? '')?.[0]}`;
}

async function breakAt(gate: GateProcess, seam: string): Promise<string> {
  if (SEAMS[seam]?.includes('SIGUSR2') === true) gate.kill('SIGUSR2');
  const pad = seam.includes('body') || seam.includes('large') ? 400_000 : 0;
  const review = REVIEW.replace('"annotations":{', `"annotations":{"pad":"${'x'.repeat(pad)}",`);
  const padded = review.length > pad ? review : `${REVIEW}${' '.repeat(pad)}`;
  try {
    return (await send(gate, '/validate?boom', padded)).body;
  } catch (error) {
    // The gate may have ended before it receives a request that is sent after the failure.
    return String(error);
  }
}

describe('an uncaught failure', { concurrency: 3 }, () => {
  for (const seam of Object.keys(SEAMS)) {
    it(`in ${seam}: each open review is refused under its uid, readiness fails, and the exit code is 1`, async () => {
      await using gate = await startServe(['--drain=600'], { preload: `${PRELOAD}${SEAMS[seam]}` });
      using known = await openBody(gate, '/validate', REVIEW, KNOWN);
      using unknown = await openBody(gate, '/validate', REVIEW, UNKNOWN);
      const broken = await breakAt(gate, seam);
      assert.equal(refusalOf(await known.answer), `${UID} INTERNAL`);
      const ready = await look(gate, '/readyz');
      assert.deepEqual(
        [ready.status, /shutdown failed: .*/.exec(ready.body)?.[0]],
        [503, 'shutdown failed: something broke'],
      );
      assert.equal(refusalOf(await unknown.finish()), `${UID} INTERNAL`);
      // The head was already written, so no other answer is possible.
      if (seam === 'an answer') assert.match(broken, /socket hang up/);
      else if (seam.includes('request') || seam.includes('body'))
        assert.equal(refusalOf(broken), `${UID} INTERNAL`);
      assert.equal(await gate.ended, 1);
      if (seam !== 'the log')
        assert.equal(((await gate.line(FAILURE))['error'] as Error).message, 'injected');
    });
  }

  it('a second failure ends the process immediately', async () => {
    const preload = "process.on('SIGUSR2', () => { throw new RangeError('injected'); });";
    await using gate = await startServe(['--drain=600'], { preload });
    using unknown = await openBody(gate, '/validate', REVIEW, UNKNOWN);
    gate.kill('SIGUSR2');
    await gate.line(FAILURE);
    const started = performance.now();
    gate.kill('SIGUSR2');
    assert.equal(await gate.ended, 1);
    assert.ok(performance.now() - started < 4000);
    await assert.rejects(unknown.answer, { code: 'ECONNRESET' });
  });

  it('a failure during a drain ends the drain with the exit code 1', async () => {
    const preload = "process.on('SIGUSR2', () => { throw new RangeError('injected'); });";
    await using gate = await startServe(['--drain=600'], { preload });
    using known = await openBody(gate, '/validate', REVIEW, KNOWN);
    gate.kill('SIGTERM');
    await gate.line('leaving');
    gate.kill('SIGUSR2');
    assert.equal(refusalOf(await known.answer), `${UID} INTERNAL`);
    assert.equal(await gate.ended, 1);
  });
});
