import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, describe, it } from 'node:test';
import { admissionReviewOf, imageReviewOfImages, UID } from '../support/reviews.ts';
import { podOf } from '../support/pods.ts';
import { askImages, look, send, type Answer } from './ask.ts';
import { runCommandLine, startServe, type GateProcess } from './gate-process.ts';
import { sharedGates } from './shared-gates.ts';
import { openReview } from './slow-client.ts';

const GOOD = 'nginx:1.27.3';
const MIB = 1024 * 1024;
/** Longer than any ordinary delay of the event loop. */
const STOPPED_MS = 300;

/** An `AdmissionReview` of a good pod that is this number of bytes longer than needed. */
function reviewOfSize(bytes: number): object {
  const pod = podOf(
    { containers: [{ name: 'web', image: GOOD }] },
    { annotations: { pad: 'x'.repeat(bytes) } },
  );
  return admissionReviewOf({ object: pod });
}

/** The code of a refusal, or `admitted`. */
function outcomeOf({ status, body }: Answer): string {
  if (status !== 200) return `${status} ${/[A-Z]{3,}(?:_[A-Z]+)+/.exec(body)?.[0]}`;
  const { response } = JSON.parse(body) as {
    response: { uid: string; allowed: boolean; status?: { message: string } };
  };
  assert.equal(response.uid, UID);
  return response.allowed ? 'admitted' : (/[A-Z]{4,}/.exec(response.status?.message ?? '')?.[0] ?? 'refused');
}

/**
 * Answers to requests that arrived while the gate was stopped. It reads all of them in one turn of its event loop.
 */
async function askWhileStopped(
  gate: GateProcess,
  count: number,
  images: readonly string[],
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const ask = () => askImages(gate, images, { agent });
  // The connections are opened before; otherwise the gate would have to accept them first. A busy machine sheds some
  // of these requests as well.
  const before = await Promise.all(Array.from({ length: count }, () => askImages(gate, [GOOD], { agent })));
  gate.kill('SIGSTOP');
  const answers = Array.from({ length: count }, ask);
  setTimeout(() => gate.kill('SIGCONT'), STOPPED_MS);
  const verdicts = [...before, ...(await Promise.all(answers))];
  agent.destroy();
  return verdicts.map(({ allowed, message }) =>
    allowed ? 'admitted' : (/^[A-Z]+/.exec(message)?.[0] ?? message),
  );
}

describe('a limit of serve', { concurrency: 4 }, () => {
  const gates = sharedGates();
  after(() => gates[Symbol.asyncDispose]());
  const plain = gates.share(() => []);
  const narrow = gates.share(() => ['--max-body=1', '--max-wait=30000']);

  it('flip: --max-body limits one body', async () => {
    const review = reviewOfSize(1.5 * MIB);
    assert.equal(outcomeOf(await send(await narrow(), '/validate', review)), '413 BODY_TOO_LARGE');
    assert.equal(outcomeOf(await send(await plain(), '/validate', review)), 'admitted');
  });

  it('flip: --max-receiving limits the sum of all bodies; a review over the limit is refused under its uid', async () => {
    const outcomes = [];
    for (const args of [['--max-body=1', '--max-receiving=1'], []]) {
      // A separate gate, because requests of other tests would be taken for the first review.
      await using gate = await startServe(args);
      using first = await openReview(gate, '/image_policy', 'x'.repeat(0.6 * MIB), 0.5 * MIB);
      const answer = await send(gate, '/validate', reviewOfSize(0.6 * MIB));
      // Sent immediately, because the gate gives up a body that is incomplete after ten seconds.
      assert.match(await first.finish(), /"allowed":false/);
      outcomes.push([outcomeOf(answer), await shedFor(gate, 'receiving')]);
    }
    assert.deepEqual(outcomes, [
      ['OVERLOADED', 1],
      ['admitted', 0],
    ]);
  });

  it('flip: --max-connections limits open connections', async () => {
    const kept = [];
    for (const args of [['--max-connections=8'], []]) {
      await using gate = await startServe(args);
      const agent = new Agent({ keepAlive: true, maxSockets: 20, maxFreeSockets: 20 });
      await Promise.all(
        Array.from({ length: 20 }, () => askImages(gate, [GOOD], { agent }).catch(() => undefined)),
      );
      await send(gate, '/image_policy', imageReviewOfImages([GOOD]));
      kept.push(
        Object.values(agent.freeSockets)
          .flat()
          .filter((socket) => socket?.destroyed === false).length,
      );
      agent.destroy();
    }
    assert.ok((kept[0] ?? 0) < 8 && kept[1] === 20, `${kept.join(' and ')} connections`);
  });

  it('flip: --max-queue limits waiting reviews and does not change readiness', async () => {
    const gate = await startServe(['--max-queue=1']);
    await using _ = gate;
    const outcomes = await askWhileStopped(gate, 20, [GOOD]);
    assert.ok(outcomes.includes('admitted'));
    const shed = outcomes.filter((outcome) => outcome === 'OVERLOADED').length;
    assert.ok(shed > 0, outcomes.join(' '));
    assert.equal(await shedFor(gate, 'queue'), shed);
    assert.equal((await gate.line('reviews refused without a decision'))['level'], 'warn');
    assert.equal((await look(gate, '/readyz')).status, 200);
    assert.equal((await askImages(gate, [GOOD])).allowed, true, 'and recovers');
    assert.deepEqual(new Set(await askWhileStopped(await plain(), 20, [GOOD])), new Set(['admitted']));
  });

  it('flip: --max-wait limits the time that a review waits for its turn', async () => {
    // With more images a review would be large, and no limit would apply to its wait.
    const images = Array.from(
      { length: 60 },
      (_, index) => `registry.example.com/team-${index}/app:1.${index}`,
    );
    await using hasty = await startServe(['--max-wait=1']);
    assert.ok((await askWhileStopped(hasty, 60, images)).includes('OVERLOADED'));
    assert.deepEqual(new Set(await askWhileStopped(await narrow(), 60, images)), new Set(['admitted']));
  });

  it('does not start if --max-receiving is smaller than one body', async () => {
    const { code, stderr } = await runCommandLine(['--port=0', '--max-body=8', '--max-receiving=7']);
    assert.equal(code, 2);
    assert.match(stderr, /--max-receiving 7 is less than one body .*: give --max-receiving 8 or more/);
  });
});

/** Number of reviews that the gate refused unread for this reason. */
async function shedFor(gate: GateProcess, reason: string): Promise<number> {
  const { body } = await look(gate, '/metrics');
  const counts = body.matchAll(
    new RegExp(`shed_reviews_total\\{protocol="\\w+",reason="${reason}"\\} (\\d+)`, 'g'),
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
