import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { podOf } from '../support/pods.ts';
import { admissionReviewOf, ALICE, imageReviewOfImages, UID } from '../support/reviews.ts';
import { askImages, look, metricOf, send } from './ask.ts';
import { startServe, type GateProcess } from './gate-process.ts';
import { sharedGates } from './shared-gates.ts';

/** Must not appear in any output. */
const CANARY = 'CANARY-9f3b71';

/** A review with the canary in every field that can contain a secret. */
function secretive(image: string): object {
  const metadata = {
    annotations: { 'example.com/token': CANARY, [CANARY]: 'x' },
    labels: { password: CANARY },
    managedFields: [{ manager: CANARY }],
  };
  const container = {
    name: 'web',
    image,
    env: [{ name: 'PASSWORD', value: CANARY }],
    command: ['run', `--password=${CANARY}`],
    args: [CANARY],
  };
  const spec = { containers: [container], imagePullSecrets: [{ name: CANARY }], serviceAccountName: CANARY };
  const userInfo = { ...ALICE, extra: { token: [CANARY] } };
  return admissionReviewOf({ object: podOf(spec, metadata), userInfo });
}

/** A review that a busy gate refuses unread. It writes no log line. */
const PATIENT = ['--max-wait=30000'];

/** Fills the log beyond all buffers. The gate must not wait for the reader, and must not stay alive because of it. */
async function outlastReader(gate: GateProcess): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  // About 26 KB a line: 320 lines fill the 8 MiB of waiting lines.
  const image = `quay.io/${'a'.repeat(240)}:latest`;
  const images = Array.from({ length: 32 }, () => image);
  let count = 0;
  const client = async (): Promise<void> => {
    while ((count += 1) <= 450) assert.equal((await askImages(gate, images, { agent })).allowed, false);
  };
  await Promise.all(Array.from({ length: 8 }, client));
  agent.destroy();
  assert.ok((await metricOf(gate, 'log_dropped_total')) > 0, 'the reader was not slow enough');
  assert.equal((await look(gate, '/readyz')).status, 200);
  gate.kill('SIGTERM');
  assert.equal(await gate.ended, 0);
}

describe('the output of the gate', { concurrency: 4 }, () => {
  const gates = sharedGates();
  after(() => gates[Symbol.asyncDispose]());
  const plain = gates.share(() => []);

  it('a reader of the log that stalls behind a pipe stalls neither answers nor SIGTERM', async () => {
    await using folder = await makeTemporaryFolder('pipe');
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const stdout = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      await using gate = await startServe(PATIENT, { stdout });
      await outlastReader(gate);
    } finally {
      closeSync(stdout);
    }
  });

  it('a reader of the log that stalls behind a socket stalls neither answers nor SIGTERM', async () => {
    await using gate = await startServe(PATIENT, { stdout: 'unread' });
    await outlastReader(gate);
  });

  it('K05 secrets of a request are in no log line, no metric and no answer', async () => {
    await using gate = await startServe(['--debug']);
    const headers = { authorization: `Bearer ${CANARY}`, cookie: CANARY, 'x-api-key': CANARY };
    const review = imageReviewOfImages(['nginx', 'nginx:1']);
    const annotated = {
      ...review,
      spec: { ...(review['spec'] as object), annotations: { [CANARY]: CANARY } },
    };
    const sent: readonly (readonly [path: string, document: unknown, headers?: Record<string, string>])[] = [
      ['/validate', secretive('nginx')],
      ['/validate', secretive('nginx:1.27.3')],
      ['/', JSON.stringify(secretive('nginx')).slice(0, -20)],
      ['/', { ...secretive('nginx'), apiVersion: CANARY }],
      ['/image_policy', annotated],
      ['/image_policy', `{"kind":"ImageReview","secret":"${CANARY}"`],
      [`/${CANARY}?token=${CANARY}`, {}],
      [`/validate?timeout=${CANARY}`, secretive('nginx')],
      ['/validate', secretive('nginx'), { 'content-type': `text/${CANARY}` }],
      ['/validate', secretive('nginx'), { 'content-encoding': CANARY }],
    ];
    const answers = [];
    for (const [path, document, more] of sent)
      answers.push(await send(gate, path, document, { headers: { ...headers, ...more } }));
    answers.push(await send(gate, '/validate', secretive('nginx'), { headers, method: 'PUT' }));
    const [metrics, ready] = [await look(gate, '/metrics'), await look(gate, '/readyz')];
    gate.kill('SIGTERM');
    await gate.ended;
    assert.equal(gate.lines().filter(({ msg }) => msg === 'decision').length, 4);
    const output = JSON.stringify([answers, metrics, ready, gate.lines(), gate.stderr()]);
    assert.ok(!output.includes(CANARY), output);
  });

  it('a decision is one line with the user, the request and the violations', async () => {
    const gate = await plain();
    const object = podOf({ containers: [{ name: 'web', image: 'nginx' }] });
    const started = Date.now();
    await send(gate, '/validate', admissionReviewOf({ object, dryRun: true }));
    const { time, durationMs, policy, ...line } = await gate.line('decision');
    const image = { field: 'spec.containers[0].image', image: 'nginx' };
    assert.deepEqual(line, {
      level: 'info',
      msg: 'decision',
      uid: UID,
      protocol: 'AdmissionReview',
      operation: 'CREATE',
      dryRun: true,
      user: ALICE.username,
      namespace: 'team-a',
      resource: 'pods',
      object: 'Pod web',
      subresource: '',
      images: ['nginx'],
      imageCount: 1,
      outcome: 'refused',
      violations: [{ rule: 'no-latest', code: 'DISALLOWED_TAG', actions: ['Deny'], ...image }],
      violationCount: 1,
    });
    assert.equal((policy as { name: string }).name, 'default');
    assert.ok(typeof durationMs === 'number' && durationMs > 0 && durationMs < 5000);
    assert.ok(Math.abs(Date.parse(String(time)) - started) < 5000);
  });

  it('the health port shows no data of a review (K10)', async () => {
    const gate = await plain();
    await gate.line('decision');
    await askImages(gate, [`quay.io/${CANARY.toLowerCase()}/app:latest`]);
    for (const path of ['/livez', '/readyz', '/metrics'])
      assert.doesNotMatch((await look(gate, path)).body, new RegExp(CANARY, 'i'));
    for (const path of ['/', '/debug/pprof', '/json/list', '/validate', '/image_policy'])
      assert.equal((await look(gate, path)).status, 404);
  });

  for (const closed of ['stdout', 'stderr'] as const) {
    it(`a reader that closes ${closed} does not end the gate`, async () => {
      await using gate = await startServe([], { closed });
      for (let count = 0; count < 3; count += 1) {
        assert.equal((await askImages(gate, ['nginx'])).allowed, false);
        // Reading the metrics writes the log.
        assert.equal((await look(gate, '/metrics')).status, 200);
      }
      gate.kill('SIGTERM');
      assert.equal(await gate.ended, 0);
    });
  }

  it('a log that cannot be written, as on a full disk, loses lines, and the gate still answers every review', async () => {
    const stdout = openSync('/dev/full', constants.O_WRONLY);
    try {
      await using gate = await startServe(PATIENT, { stdout });
      for (let count = 0; count < 3; count += 1)
        assert.equal((await askImages(gate, ['nginx'])).allowed, false);
      assert.equal((await look(gate, '/readyz')).status, 200);
      assert.ok((await metricOf(gate, 'log_dropped_total')) > 0);
      gate.kill('SIGTERM');
      assert.equal(await gate.ended, 0);
    } finally {
      closeSync(stdout);
    }
  });
});
