import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBouncer } from '../bouncer.ts';
import { NO_LATEST } from '#test/policies.ts';
import { BAD, podSpec } from '#test/pods.ts';
import { resultOf, type ObjectResult } from '../report/result.ts';
import { reviewOfObject } from '../review/review-of.ts';
import { RolloutError } from '../rollout/progress.ts';
import { describeRolloutError, renderNext, renderRolloutEvent } from './rollout-output.ts';

async function refusedPod(name: string): Promise<ObjectResult> {
  const type = { apiVersion: 'v1', kind: 'Pod' };
  const object = {
    ...type,
    metadata: { name, namespace: 'team' },
    spec: podSpec({ containers: { web: BAD } }),
  };
  const review = reviewOfObject({ ...type, object }, NO_LATEST);
  const bouncer = createBouncer({ policies: { current: () => NO_LATEST } });
  return resultOf({ ...type, name, review, decision: await bouncer.decide(review, 1000) });
}

describe('the texts of a roll-out', () => {
  it('list refused workloads with their reasons, the first hundred of them', async () => {
    const refused = await Promise.all(Array.from({ length: 102 }, (_, index) => refusedPod(`p${index}`)));
    const lines = renderRolloutEvent({ what: 'workloads', found: { judged: 102, refused } }).split('\n');
    assert.equal(lines[0], 'refused  Pod team/p0');
    assert.match(lines[1] ?? '', /^ {9}Images using latest tag are not allowed: .* \[rule no-latest\]/);
    assert.deepEqual(lines.slice(-2), ['… and 2 more', '102 running objects: 102 would be refused']);
  });

  it('describe the result of the canary, with the message of the API server', () => {
    const proof = { expected: 'refused', timeoutMs: 20_000 } as const;
    assert.equal(
      renderRolloutEvent({
        what: 'canary',
        canary: { ...proof, verdict: { outcome: 'refused' }, isMet: true },
      }),
      'proved: a pod with a forbidden image is refused',
    );
    const verdict = { outcome: 'unanswered', message: 'connection refused' } as const;
    assert.equal(
      renderRolloutEvent({ what: 'canary', canary: { ...proof, verdict, isMet: false } }),
      'not proved: a pod with a forbidden image is unanswered, not refused, after 20 s: connection refused',
    );
  });

  it('number the next steps', () => {
    assert.equal(renderNext('stopped', 'do this', 'or that'), 'stopped\n  1. do this\n  2. or that');
  });

  it('name the option that solves an error', () => {
    assert.equal(
      describeRolloutError(new RolloutError('IMAGE_UNKNOWN', 'no image')),
      '--image is missing: no image',
    );
    assert.equal(describeRolloutError(new RolloutError('NOT_SIGNED', 'not signed')), 'not signed');
    assert.equal(describeRolloutError(new Error('other')), undefined);
  });
});
