import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phrase } from '../language/phrase.ts';
import { objectionTo } from '#test/phrases.ts';
import { outcomeOf } from '#test/outcomes.ts';
import type { Decision, Violation } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const review: Review = {
  uid: undefined,
  operation: 'UPDATE',
  dryRun: undefined,
  user: undefined,
  namespace: undefined,
  resource: undefined,
  subresource: undefined,
  object: undefined,
  subject: { kind: 'imageless' },
};
const judged = { policy: undefined, uses: [], notices: [] } as const;
const admitted: Decision = { outcome: 'admitted', violations: [], ...judged };

function refusedBy(rule: string, ...actions: Violation['actions']): Decision {
  const violation = { ...objectionTo(), actions, rule, message: undefined, use: undefined };
  return { outcome: 'refused', violations: [violation], ...judged };
}

/** Samples of one metric: labels → value. */
async function samplesOf(metrics: Metrics, name: string): Promise<Record<string, string>> {
  const lines = (await metrics.render()).split('\n').filter((line) => !line.startsWith('#'));
  const samples = lines.flatMap((line) => {
    const [, found, labels = '', value = ''] = /^kube_image_bouncer_(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    return found === name ? [[labels, value] as const] : [];
  });
  return Object.fromEntries(samples);
}

describe('metrics', () => {
  it('count decisions, and dry runs separately', async () => {
    const metrics = createMetrics();
    metrics.countOutcome(outcomeOf({ review, decision: admitted, protocol: 'ImageReview' }));
    metrics.countOutcome(outcomeOf({ review, decision: refusedBy('a', 'Deny') }));
    metrics.countOutcome(
      outcomeOf({ review: { ...review, dryRun: true }, decision: refusedBy('a', 'Deny') }),
    );
    assert.deepEqual(await samplesOf(metrics, 'decisions_total'), {
      '{protocol="ImageReview",outcome="admitted",operation="UPDATE",dry_run="false",stage="deny"}': '1',
      '{protocol="AdmissionReview",outcome="refused",operation="UPDATE",dry_run="false",stage="deny"}': '1',
      '{protocol="AdmissionReview",outcome="refused",operation="UPDATE",dry_run="true",stage="deny"}': '1',
    });
    assert.deepEqual(await samplesOf(metrics, 'violations_total'), {
      '{rule="a",code="DISALLOWED_TAG",action="Deny",dry_run="false"}': '1',
      '{rule="a",code="DISALLOWED_TAG",action="Deny",dry_run="true"}': '1',
    });
  });

  it('count refusals of stage deny and of other stages separately', async () => {
    const metrics = createMetrics();
    metrics.countOutcome(outcomeOf({ review, decision: refusedBy('a', 'Deny'), stage: 'audit' }));
    assert.deepEqual(await samplesOf(metrics, 'decisions_total'), {
      '{protocol="AdmissionReview",outcome="refused",operation="UPDATE",dry_run="false",stage="audit"}': '1',
    });
  });

  it('count a violation for each of its actions', async () => {
    const metrics = createMetrics();
    metrics.countOutcome(outcomeOf({ review, decision: refusedBy('a', 'Warn', 'Audit') }));
    assert.deepEqual(Object.keys(await samplesOf(metrics, 'violations_total')), [
      '{rule="a",code="DISALLOWED_TAG",action="Warn",dry_run="false"}',
      '{rule="a",code="DISALLOWED_TAG",action="Audit",dry_run="false"}',
    ]);
  });

  it('count failures by code, from zero', async () => {
    const metrics = createMetrics();
    const failed: Decision = { outcome: 'failed', code: 'INTERNAL', violations: [], ...judged };
    metrics.countOutcome(outcomeOf({ review, decision: failed }));
    const expected = {
      '{code="DEADLINE"}': '0',
      '{code="INTERNAL"}': '1',
      '{code="NO_POLICY"}': '0',
      '{code="OVERLOADED"}': '0',
    };
    assert.deepEqual(await samplesOf(metrics, 'failures_total'), expected);
  });

  it('measure from 0.1 ms to 10 s', async () => {
    const metrics = createMetrics();
    for (const durationMs of [0.05, 3, 20_000])
      metrics.countOutcome(outcomeOf({ review, decision: admitted, protocol: 'ImageReview', durationMs }));
    const buckets = await samplesOf(metrics, 'decision_duration_seconds_bucket');
    assert.equal(buckets['{le="0.0001",protocol="ImageReview"}'], '1');
    assert.equal(buckets['{le="0.005",protocol="ImageReview"}'], '2');
    assert.equal(buckets['{le="10",protocol="ImageReview"}'], '2');
    assert.equal(buckets['{le="+Inf",protocol="ImageReview"}'], '3');
  });

  it('K07 stay bounded, whatever rules, kinds, images and codes occur', async () => {
    const metrics = createMetrics();
    const before = (await metrics.render()).split('\n').length;
    const text = phrase('MIRROR_POD.text');
    for (let index = 0; index < 20_000; index += 1) {
      const notice = { code: 'UNKNOWN_KIND', use: undefined, text, kind: `Kind${index}` } as const;
      const decision = { ...refusedBy(`rule-${index}`, 'Deny'), notices: [notice] };
      metrics.countOutcome(outcomeOf({ review, decision }));
      metrics.countRejection(`CODE_${index}`);
    }
    const lines = (await metrics.render()).split('\n').length - before;
    assert.ok(lines < 1100, `${lines} more lines`);
    const kinds = await samplesOf(metrics, 'unknown_kinds_total');
    assert.equal(Object.keys(kinds).length, 101);
    assert.equal(kinds['{kind="other"}'], '19900');
    const violations = await samplesOf(metrics, 'violations_total');
    assert.ok(Object.keys(violations).length <= 1000);
    assert.equal(violations['{rule="other",code="DISALLOWED_TAG",action="Deny",dry_run="false"}'], '19100');
  });

  it('count questions by kind, outcome and cache, with at most 32 kinds', async () => {
    const metrics = createMetrics();
    const known = { outcome: 'known', value: 'sha256:1' } as const;
    const late = { outcome: 'unavailable', code: 'DEADLINE' } as const;
    for (const [answer, cached, durationMs] of [
      [known, false, 20],
      [known, true, 0],
      [known, true, 0],
      [late, false, 2000],
    ] as const)
      metrics.countQuestion({ kind: 'digest', answer, cached, durationMs });
    assert.deepEqual(await samplesOf(metrics, 'questions_total'), {
      '{kind="digest",outcome="known",cached="false"}': '1',
      '{kind="digest",outcome="known",cached="true"}': '2',
      '{kind="digest",outcome="DEADLINE",cached="false"}': '1',
    });
    const counts = await samplesOf(metrics, 'question_duration_seconds_count');
    assert.deepEqual(counts, { '{kind="digest"}': '2' });
    const buckets = await samplesOf(metrics, 'question_duration_seconds_bucket');
    assert.equal(buckets['{le="0.025",kind="digest"}'], '1');
    for (let index = 0; index < 1000; index += 1)
      metrics.countQuestion({ kind: `kind-${index}`, answer: known, cached: false, durationMs: 1 });
    assert.equal(Object.keys(await samplesOf(metrics, 'questions_total')).length, 3 + 31 + 1);
  });

  it('show the active policy, its reloads and the end of the certificate', async () => {
    const metrics = createMetrics();
    metrics.policyLoaded({ name: 'production', revision: 'r1' });
    metrics.policyLoaded({ name: 'production', revision: 'r2' });
    metrics.policyReloaded('success');
    metrics.policyReloaded('failure');
    assert.deepEqual(await samplesOf(metrics, 'certificate_expiry_timestamp_seconds'), {});
    metrics.certificateExpires('serving', new Date('2026-01-01T00:00:00Z'));
    metrics.certificateExpires('clients', new Date('2026-01-01T00:00:01Z'));
    metrics.certificateReloaded('serving', 'success');
    metrics.certificateReloaded('serving', 'failure');
    assert.deepEqual(await samplesOf(metrics, 'policy_info'), { '{name="production",revision="r2"}': '1' });
    const reloads = { '{result="success"}': '1', '{result="failure"}': '1' };
    assert.deepEqual(await samplesOf(metrics, 'policy_reload_total'), reloads);
    assert.deepEqual(await samplesOf(metrics, 'policy_last_reload_success'), { '': '0' });
    assert.deepEqual(await samplesOf(metrics, 'certificate_expiry_timestamp_seconds'), { '': '1767225600' });
    assert.deepEqual(await samplesOf(metrics, 'client_ca_expiry_timestamp_seconds'), { '': '1767225601' });
    assert.deepEqual(await samplesOf(metrics, 'certificate_reload_total'), {
      '{certificate="serving",result="success"}': '1',
      '{certificate="serving",result="failure"}': '1',
    });
    assert.deepEqual(await samplesOf(metrics, 'certificate_last_reload_success'), {
      '{certificate="serving"}': '0',
    });
  });

  it('read the numbers of the sources when the metrics are read', async () => {
    let dropped = 3;
    const metrics = createMetrics({ inflight: () => 7, logDropped: () => dropped });
    assert.deepEqual(await samplesOf(metrics, 'log_dropped_total'), { '': '3' });
    dropped = 5;
    assert.deepEqual(await samplesOf(metrics, 'log_dropped_total'), { '': '5' });
    assert.deepEqual(await samplesOf(metrics, 'inflight'), { '': '7' });
  });

  it('belong to one server, so another server counts separately; all have the prefix', async () => {
    const [first, second] = [createMetrics(), createMetrics()];
    first.countRejection('NOT_FOUND');
    assert.deepEqual(await samplesOf(second, 'rejected_requests_total'), {});
    const names = (await first.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(
      names.filter((line) => !line.startsWith('kube_image_bouncer_')),
      [],
    );
    assert.ok(names.some((line) => line.startsWith('kube_image_bouncer_process_cpu_seconds_total')));
  });
});
