import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Writable } from 'node:stream';
import { BAD, GOOD, NAMESPACE, pod } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { admissionReviewOf } from '#test/reviews.ts';
import { askAdmission, decide, judge, summarise } from '#test/verdicts.ts';
import { admissionReview } from '#test/protocols.ts';
import { outcomeOf } from '#test/outcomes.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecorder } from '../../src/telemetry/recorder.ts';

const good = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: '1', controller: true };

/** Owners that an attacker may invent (A29). */
const FORGED: readonly (readonly [what: string, metadata: object])[] = [
  ['a good ReplicaSet', { ownerReferences: [good] }],
  ['a Deployment by its template hash', { ownerReferences: [good], labels: { 'pod-template-hash': '5d4f' } }],
  [
    'a Deployment of another namespace',
    { ownerReferences: [{ ...good, kind: 'Deployment', namespace: 'kube-system' }] },
  ],
  ['the node', { ownerReferences: [{ ...good, apiVersion: 'v1', kind: 'Node', name: 'n1' }] }],
  ['the gate itself', { ownerReferences: [{ ...good, kind: 'Deployment', name: 'kube-image-bouncer' }] }],
  ['an owner without uid', { ownerReferences: [{ ...good, uid: undefined }] }],
  [
    'a thousand owners',
    { ownerReferences: Array.from({ length: 1000 }, (_, index) => ({ ...good, uid: `${index}` })) },
  ],
  ['owners that are no list', { ownerReferences: good }],
  [
    'an owner with the name of a rule’s match',
    { ownerReferences: [{ ...good, kind: 'ReplicaSet.apps', name: NAMESPACE }] },
  ],
];

describe('A29 a pod that claims an owner', () => {
  for (const [what, metadata] of FORGED) {
    it(`A29 is reviewed like any other when it claims ${what}`, async () => {
      const policies = [
        undefined,
        await policyOf({
          exclude: { resources: ['replicasets.apps', 'deployments.apps'] },
          requiredDigest: {},
        }),
        await policyOf({ match: { resources: ['pods'] }, disallowedTags: { tags: ['latest'] } }),
      ];
      for (const policy of policies) {
        for (const image of [BAD, GOOD]) {
          const plain = judge({ object: pod({ containers: { web: image } }) }, policy);
          const claimed = judge({ object: pod({ containers: { web: image } }, { ...metadata }) }, policy);
          assert.deepEqual(summarise(claimed), summarise(plain));
        }
      }
    });
  }

  it('A29 the owner that an object claims appears only in the denial', async () => {
    const object = pod(
      { containers: { web: BAD } },
      { ownerReferences: [{ ...good, name: 'claimed-owner' }] },
    );
    const { status, warnings, auditAnnotations } = askAdmission({ object });
    assert.match(status?.message ?? '', /\(container "web"\) of ReplicaSet claimed-owner: tag /);
    assert.deepEqual([warnings, auditAnnotations], [undefined, undefined]);
    assert.doesNotMatch(JSON.stringify(status?.details), /claimed-owner/);

    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => (lines.push(chunk.toString()), done()),
    });
    const metrics = createMetrics();
    const log = openLog({ stream, now: () => new Date(0) });
    const recorder = createRecorder({ log, metrics });
    const { review } = admissionReview.open(admissionReviewOf({ object }));
    recorder.record(outcomeOf({ review, decision: decide(review) }));
    recorder.flush();
    await log.close(1000);
    assert.match(lines.join(''), /"outcome":"refused"/);
    assert.doesNotMatch(lines.join('') + (await metrics.render()), /claimed-owner/);
  });

  it('A29 the owner is named once, for any number of causes', () => {
    const object = pod({ containers: { a: BAD, b: 'Bad:1', c: 'nginx' } }, { ownerReferences: [good] });
    const { message = '' } = askAdmission({ object }).status ?? {};
    assert.equal(message.split('of ReplicaSet web-5d4f').length, 2, message);
  });

  it('A29 the owner of an unreadable object is named as well', () => {
    const object = { ...pod({}, { ownerReferences: [good] }), spec: {} };
    assert.equal(
      askAdmission({ object }).status?.message,
      'pod of ReplicaSet web-5d4f: spec.containers is missing [MALFORMED_OBJECT]; correct the object: its kind defines the fields',
    );
  });
});
