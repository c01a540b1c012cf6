import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesAnswer, KubernetesRequest } from '../kubernetes/connection.ts';
import { startEnforcementCanary } from './enforcement-canary.ts';

const REFUSED: KubernetesAnswer = {
  status: 403,
  document: { message: 'admission webhook "validate.kube-image-bouncer.io" denied the request: no' },
  warnings: [],
};

/** A canary, what it tells, and the signals of its trials; the answers are taken in turn, the last one again and again. */
function start(answers: readonly (() => Promise<KubernetesAnswer>)[], trialMs: number) {
  const [told, signals]: [(boolean | undefined)[], AbortSignal[]] = [[], []];
  const send = ({ signal }: KubernetesRequest): Promise<KubernetesAnswer> => {
    assert.ok(signal);
    signals.push(signal);
    const answer = answers[Math.min(signals.length, answers.length) - 1] ?? assert.fail('no answer');
    return answer();
  };
  const canary = startEnforcementCanary(
    { kubeconfig: 'config', namespace: 'default', intervalMs: 1 },
    {
      log: { write: () => undefined },
      metrics: { enforcing: (enforcing) => told.push(enforcing) },
      open: async () => ({ send }),
      trialMs,
    },
  );
  return { canary, told, signals };
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 5000 && !holds(); waited += 5) await sleep(5);
  assert.ok(holds());
}

describe('a trial that is repeated', () => {
  const never = () => Promise.withResolvers<KubernetesAnswer>().promise;
  const refused = async () => REFUSED;

  it('flip: trialMs; shows nothing when it has no answer in time, is ended, and the next one counts', async () => {
    // The third trial has no answer either until this one has been looked at.
    const looked = Promise.withResolvers<KubernetesAnswer>();
    const { canary, told, signals } = start([refused, never, () => looked.promise], 200);
    using _ = canary;
    await until(() => told.length > 2);
    assert.deepEqual(told.slice(0, 3), [undefined, true, undefined]);
    assert.match(String(canary.detail()), /it is not known .*: no answer within 0\.2 s$/);
    assert.deepEqual([signals[0]?.aborted, signals[1]?.aborted], [false, true]);
    looked.resolve(REFUSED);
    await until(() => told.includes(true, 3));
  });

  it('is ended when the gate leaves, and tells nothing any more', async () => {
    const { canary, told, signals } = start([never], 60_000);
    await until(() => signals.length === 1);
    canary[Symbol.dispose]();
    assert.equal(signals[0]?.aborted, true);
    await sleep(20);
    assert.deepEqual([told, signals.length], [[undefined], 1]);
  });
});
