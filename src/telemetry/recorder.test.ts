import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { parseImageReference } from '../image/reference.ts';
import { objectionTo } from '#test/phrases.ts';
import { outcomeOf } from '#test/outcomes.ts';
import type { ImageUse } from '../image/use.ts';
import type { Decision, Violation } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import { openLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createRecorder } from './recorder.ts';

const review: Review = {
  uid: 'u-1',
  operation: 'CREATE',
  dryRun: false,
  user: { username: 'alice', groups: ['system:masters'] },
  namespace: 'team-a',
  resource: 'pods',
  subresource: '',
  object: 'Pod web',
  subject: { kind: 'imageless' },
};

function useOf(image: string): ImageUse {
  const path = ['spec', 'containers', 0, 'image'];
  return { location: { kind: 'value', path }, usage: 'container', container: 'web', image };
}

function refusalOf(images: readonly string[], rule = 'no-latest'): Decision {
  const violations = images.map((image) => violationOf(image, rule)) as [Violation, ...Violation[]];
  const uses = images.map((image) => ({
    use: useOf(image),
    reference: parseImageReference(image),
  }));
  return {
    outcome: 'refused',
    violations,
    uses,
    notices: [],
    policy: { name: 'production', revision: 'r1' },
  };
}

function violationOf(image: string, rule: string): Violation {
  return { ...objectionTo(), actions: ['Deny'], rule, use: useOf(image), message: undefined };
}

const failed: Decision = {
  outcome: 'failed',
  code: 'DEADLINE',
  violations: [],
  uses: [],
  notices: [],
  policy: undefined,
};

function recording() {
  const pieces: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (piece, _encoding, taken) => taken(void pieces.push(piece)),
  });
  const metrics = createMetrics();
  const log = openLog({ stream, now: () => new Date(0) });
  const recorder = createRecorder({ log, metrics });
  const lines = () => pieces.join('').split('\n').slice(0, -1);
  return { recorder, metrics, pieces, lines };
}

describe('recording an outcome', () => {
  it('writes user, object and violations', () => {
    const { recorder, lines } = recording();
    recorder.record(outcomeOf({ review, decision: refusalOf(['nginx']), durationMs: 1.23456 }));
    recorder.flush();
    assert.deepEqual(JSON.parse(lines()[0] ?? ''), {
      level: 'info',
      time: '2026-01-02T03:04:05.678Z',
      uid: 'u-1',
      protocol: 'AdmissionReview',
      operation: 'CREATE',
      dryRun: false,
      user: 'alice',
      namespace: 'team-a',
      resource: 'pods',
      subresource: '',
      object: 'Pod web',
      images: ['nginx'],
      imageCount: 1,
      outcome: 'refused',
      violations: [
        {
          rule: 'no-latest',
          code: 'DISALLOWED_TAG',
          actions: ['Deny'],
          field: 'spec.containers[0].image',
          image: 'nginx',
        },
      ],
      violationCount: 1,
      policy: { name: 'production', revision: 'r1' },
      durationMs: 1.235,
      msg: 'decision',
    });
  });

  it('writes the reason of a failed decision, at level error', () => {
    const { recorder, lines } = recording();
    recorder.record(outcomeOf({ review, decision: failed, protocol: 'ImageReview' }));
    recorder.flush();
    const { level, outcome, code } = JSON.parse(lines()[0] ?? '');
    assert.deepEqual({ level, outcome, code }, { level: 'error', outcome: 'failed', code: 'DEADLINE' });
  });

  it('writes at the 16th decision, or within 50 ms', async () => {
    const { recorder, lines, pieces } = recording();
    for (let count = 0; count < 15; count += 1)
      recorder.record(outcomeOf({ review, decision: failed, protocol: 'ImageReview' }));
    assert.equal(lines().length, 0);
    recorder.record(outcomeOf({ review, decision: failed, protocol: 'ImageReview' }));
    assert.equal(lines().length, 16);
    assert.equal(pieces.length, 1);
    recorder.record(outcomeOf({ review, decision: failed, protocol: 'ImageReview' }));
    await sleep(100);
    assert.equal(lines().length, 17);
  });

  it('bounds each line: lists and texts are cut, counts are not', () => {
    const { recorder, lines } = recording();
    const images = Array.from({ length: 500 }, (_, index) => `${index}${'x'.repeat(1_000_000 / 500)}`);
    const long = 'u'.repeat(1_000_000);
    const huge = {
      ...review,
      uid: long,
      namespace: long,
      object: long,
      user: { username: long, groups: [] },
    };
    recorder.record(outcomeOf({ review: huge, decision: refusalOf(images, long) }));
    recorder.flush();
    const [line = ''] = lines();
    assert.ok(line.length < 40_000, `${line.length} characters`);
    const { images: listed, imageCount, violations, violationCount, uid } = JSON.parse(line);
    assert.deepEqual([listed.length, imageCount, violations.length, violationCount], [32, 500, 32, 500]);
    assert.ok([uid, ...listed, violations[0].image, violations[0].rule].every((text) => text.length <= 256));
  });

  it('K04 writes one line for each decision, whatever the requester sends', () => {
    const { recorder, lines } = recording();
    const alphabet = [
      '\n',
      '\r',
      '"',
      '\\',
      '\u001b[31m',
      '\u2028',
      '\u202e',
      '\0',
      '\ud83d',
      'é',
      '{',
      '},',
      'a',
    ];
    // A linear congruential generator, so that each run has the same texts.
    let state = 42;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const text = () => Array.from({ length: random(12) }, () => alphabet[random(alphabet.length)]).join('');
    const written = Array.from({ length: 10_000 }, text);
    for (const image of written) {
      const hostile = { ...review, uid: image, object: image, user: { username: image, groups: [] } };
      recorder.record(outcomeOf({ review: hostile, decision: refusalOf([image]) }));
    }
    recorder.flush();
    assert.equal(lines().length, written.length);
    for (const [index, line] of lines().entries()) {
      const { images, msg } = JSON.parse(line);
      assert.deepEqual([images, msg], [[written[index]], 'decision']);
      assert.ok(
        Buffer.from(line).every((byte) => byte >= 0x20),
        'no control character in a line',
      );
    }
  });

  it('K05 writes only the allowed fields', async () => {
    const { recorder, metrics, pieces } = recording();
    const secret = {
      headers: { authorization: 'Bearer canary' },
      annotations: { token: 'canary' },
      password: 'canary',
    };
    const withSecrets = {
      ...review,
      ...secret,
      user: { username: 'alice', groups: ['canary-group'], extra: secret },
      subject: { kind: 'imageless', object: { data: 'canary' } },
    } as Review;
    recorder.record(outcomeOf({ review: withSecrets, decision: { ...refusalOf(['nginx']), ...secret } }));
    recorder.flush();
    assert.ok(pieces.length > 0);
    assert.ok(!(pieces.join('') + (await metrics.render())).includes('canary'));
  });
});
