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

/** A canary with its results and the signals of its trials. The last answer is repeated. */
function start(answers: readonly (() => Promise<KubernetesAnswer>)[], trialMs: number) {
  const shown: (boolean | undefined)[] = [];
  const changes: boolean[] = [];
  const signals: AbortSignal[] = [];
  const send = ({ signal }: KubernetesRequest): Promise<KubernetesAnswer> => {
    assert.ok(signal);
    signals.push(signal);
    const answer = answers[Math.min(signals.length, answers.length) - 1] ?? assert.fail('no answer');
    return answer();
  };
  const canary = startEnforcementCanary({
    open: async () => ({ send }),
    namespace: 'default',
    intervalMs: 1,
    trialMs,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    onResult: ({ enforcing }, isNew) => {
      shown.push(enforcing);
      changes.push(isNew);
    },
  });
  return { canary, shown, changes, signals };
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 5000 && !holds(); waited += 5) await sleep(5);
  assert.ok(holds());
}

describe('the canary of serve', () => {
  const never = () => Promise.withResolvers<KubernetesAnswer>().promise;
  const refused = async () => REFUSED;

  it('flip: trialMs; a trial without an answer in time is ended and shows nothing, and the next one counts', async () => {
    // The third trial has no answer until the second one was checked.
    const checked = Promise.withResolvers<KubernetesAnswer>();
    const { canary, shown, changes, signals } = start([refused, never, () => checked.promise], 200);
    using _ = canary;
    await until(() => shown.length > 1);
    assert.deepEqual(shown, [true, undefined]);
    assert.match(String(canary.detail()), /it is not known .*: no answer within 0\.2 s$/);
    assert.deepEqual([signals[0]?.aborted, signals[1]?.aborted], [false, true]);
    checked.resolve(REFUSED);
    await until(() => shown.includes(true, 2));
    assert.deepEqual(changes.slice(0, 3), [true, true, true]);
  });

  it('reports whether a result differs from the one before', async () => {
    const { canary, changes } = start([refused], 60_000);
    using _ = canary;
    await until(() => changes.length > 2);
    assert.deepEqual(changes.slice(0, 3), [true, false, false]);
  });

  it('ends its trial when it is disposed, and reports nothing after that', async () => {
    const { canary, shown, signals } = start([never], 60_000);
    await until(() => signals.length === 1);
    canary[Symbol.dispose]();
    assert.equal(signals[0]?.aborted, true);
    await sleep(20);
    assert.deepEqual([shown, signals.length], [[], 1]);
  });
});
