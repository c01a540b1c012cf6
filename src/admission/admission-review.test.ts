import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phrase } from '../language/phrase.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { admissionRequestOf, admissionReviewOf, crafted, UID } from '#test/reviews.ts';
import { ask, askAdmission, type Reply } from '#test/verdicts.ts';
import { isObject, type Fields } from '../document/json.ts';
import { admissionReview } from '#test/protocols.ts';
import { MalformedReviewError, type MalformedReviewCode } from './exchange.ts';

const BAD_POD = pod({ containers: { web: BAD } });

function responseOf({ body }: Reply): Fields {
  assert.ok(isObject(body['response']));
  return body['response'];
}

/** All keys of a value, at any depth. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [key].concat(keysOf(child)));
}

describe('the envelope of an answer', () => {
  for (const version of ['v1', 'v1beta1'] as const) {
    it(`A39 ${version} is answered in ${version}, with its uid and nothing else`, () => {
      const good = ask(admissionReview, admissionReviewOf({ object: pod() }, version));
      assert.equal(good.status, 200);
      assert.deepEqual(good.body, {
        apiVersion: `admission.k8s.io/${version}`,
        kind: 'AdmissionReview',
        response: { uid: UID, allowed: true },
      });
      const bad = ask(admissionReview, admissionReviewOf({ object: BAD_POD }, version));
      assert.equal(bad.status, 200, 'a denial with another status is no denial');
      assert.deepEqual(Object.keys(bad.body), ['apiVersion', 'kind', 'response']);
      assert.equal(bad.body['apiVersion'], `admission.k8s.io/${version}`);
      assert.deepEqual([responseOf(bad)['uid'], responseOf(bad)['allowed']], [UID, false]);
    });
  }

  it('A38 no answer has a patch or a patchType', () => {
    const node = { username: 'system:node:n1', groups: ['system:nodes'] };
    const mirror = podOf(
      { ...podSpec({ containers: { web: BAD } }), nodeName: 'n1' },
      { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    );
    for (const request of [
      { object: pod() },
      { object: BAD_POD },
      { object: podOf(null) },
      { object: null, oldObject: BAD_POD, operation: 'DELETE' },
      { object: mirror, userInfo: node },
      { object: deployment({ containers: { web: 'auto' } }) },
    ]) {
      const { body } = ask(admissionReview, admissionReviewOf(request));
      const forbidden = keysOf(body).filter((key) => /patch/i.test(key));
      assert.deepEqual(forbidden, []);
    }
  });

  it('K09 a denial has code 403, reason Forbidden, and its causes for programs', () => {
    const { status } = askAdmission({ object: pod({ containers: { web: GOOD, side: BAD } }) });
    assert.deepEqual([status?.status, status?.code, status?.reason], ['Failure', 403, 'Forbidden']);
    const [cause, ...others] = status?.details?.causes ?? [];
    assert.deepEqual(
      [cause?.reason, cause?.field, others],
      ['DISALLOWED_TAG', 'spec.containers[1].image', []],
    );
    assert.match(cause?.message ?? '', /^tag "latest" is not allowed \[rule .*\]; /);
    assert.match(status?.message ?? '', /app:latest at spec\.containers\[1\]\.image \(container "side"\)/);
  });

  it('K09 an object that cannot be read, and a decision that failed, are denied in the same way', () => {
    const { status } = askAdmission({ object: podOf(null) });
    assert.deepEqual([status?.code, status?.reason], [403, 'Forbidden']);
    const failed = admissionReview.open(admissionReviewOf({ object: pod() })).respond({
      outcome: 'failed',
      code: 'DEADLINE',
      policy: undefined,
      uses: [],
      notices: [],
      violations: [],
    });
    assert.deepEqual(JSON.parse(failed.body), {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: UID,
        allowed: false,
        status: {
          status: 'Failure',
          code: 403,
          reason: 'Forbidden',
          message: 'DEADLINE: there was not enough time to decide; try again',
        },
      },
    });
  });

  it('a denial of five hundred images lists 64 causes and counts the rest', () => {
    const containers = Array.from({ length: 500 }, (_, index) => ({ name: `c${index}`, image: BAD }));
    const { status } = askAdmission({ object: podOf({ containers }) });
    assert.equal(status?.details?.causes.length, 64);
    assert.match(status.message, / and 4\d\d more/);
  });
});

describe('F18 the uid', () => {
  for (const uid of [
    'a',
    '"quoted"',
    'line\nbreak',
    '</script>',
    '\u2028',
    '検査',
    '\ud800',
    'x'.repeat(256),
    '__proto__',
  ]) {
    it(`F18 ${JSON.stringify(uid.slice(0, 20))} is echoed exactly`, () => {
      const reply = ask(admissionReview, crafted({ uid }));
      assert.deepEqual([reply.status, responseOf(reply)['uid']], [200, uid]);
      assert.ok(!reply.text.includes('\n'));
    });
  }

  for (const uid of ['x'.repeat(257), 'x'.repeat(1024 * 1024), '', null, undefined, 1, ['a'], {}]) {
    const shown = (JSON.stringify(uid) ?? 'missing').slice(0, 20);
    it(`F18 ${shown} (${shown.length < 20 ? 'whole' : 'long'}) is no uid: the review is rejected, never admitted`, () => {
      const reply = ask(admissionReview, crafted({ uid }));
      assert.equal(reply.status, 400);
      assert.match(reply.text, /MALFORMED_REVIEW.*no request\.uid/);
      assert.ok(reply.text.length < 200, 'the uid is not repeated');
    });
  }
});

describe('documents that are no AdmissionReview', () => {
  const CASES: readonly (readonly [document: unknown, code: MalformedReviewCode])[] = [
    [null, 'MALFORMED_REVIEW'],
    [[], 'MALFORMED_REVIEW'],
    ['x', 'MALFORMED_REVIEW'],
    [1, 'MALFORMED_REVIEW'],
    [{}, 'MALFORMED_REVIEW'],
    [crafted({}, { kind: 'ImageReview' }), 'MALFORMED_REVIEW'],
    [crafted({}, { kind: 'admissionreview' }), 'MALFORMED_REVIEW'],
    [crafted({}, { request: null }), 'MALFORMED_REVIEW'],
    [crafted({}, { request: [] }), 'MALFORMED_REVIEW'],
    [crafted({}, { request: undefined, response: { uid: UID, allowed: true } }), 'MALFORMED_REVIEW'],
    [crafted({}, { apiVersion: undefined }), 'UNSUPPORTED_VERSION'],
    [crafted({}, { apiVersion: 'v1' }), 'UNSUPPORTED_VERSION'],
    [crafted({}, { apiVersion: 'admission.k8s.io' }), 'UNSUPPORTED_VERSION'],
    [crafted({}, { apiVersion: 'admission.k8s.io.evil/v1' }), 'UNSUPPORTED_VERSION'],
    [crafted({}, { apiVersion: ['admission.k8s.io/v1'] }), 'UNSUPPORTED_VERSION'],
  ];
  for (const [document, code] of CASES) {
    it(`${(JSON.stringify(document) ?? '').slice(0, 70)} is rejected with ${code}`, () => {
      assert.throws(() => admissionReview.open(document), { name: 'MalformedReviewError', code });
    });
  }

  it('each reason has a status that the API server treats as a failed call', () => {
    for (const [code, status] of [
      ['MALFORMED_JSON', 400],
      ['MALFORMED_REVIEW', 400],
      ['UNSUPPORTED_VERSION', 400],
      ['BODY_TOO_LARGE', 413],
      ['UNSUPPORTED_MEDIA_TYPE', 415],
    ] as const) {
      const answer = admissionReview.reject(new MalformedReviewError(code, phrase('MALFORMED_JSON.json')));
      assert.deepEqual(
        [answer.status, JSON.parse(answer.body)],
        [status, { error: { code, message: 'the body is not JSON' } }],
      );
    }
  });

  for (const apiVersion of [
    'admission.k8s.io/v2',
    'admission.k8s.io/v1alpha1',
    'admission.k8s.io/',
    'admission.k8s.io/V1',
  ]) {
    it(`A39 ${apiVersion} has a uid: refused in its own version`, () => {
      const reply = ask(admissionReview, crafted({}, { apiVersion }));
      assert.deepEqual([reply.status, reply.body['apiVersion']], [200, apiVersion]);
      assert.deepEqual([responseOf(reply)['uid'], responseOf(reply)['allowed']], [UID, false]);
      assert.match(reply.text, /is not supported \[MALFORMED_OBJECT\]/);
    });
  }

  it('A39 a version longer than any version is not echoed', () => {
    const document = crafted({}, { apiVersion: `admission.k8s.io/${'v'.repeat(64)}` });
    assert.throws(() => admissionReview.open(document), { code: 'UNSUPPORTED_VERSION' });
  });

  it('A39 an unknown version is refused for each operation', () => {
    const document = crafted({ operation: 'DELETE' }, { apiVersion: 'admission.k8s.io/v2' });
    assert.equal(responseOf(ask(admissionReview, document))['allowed'], false);
  });
});

describe('requests that the API server would not send', () => {
  for (const kind of [
    undefined,
    null,
    'Pod',
    [],
    {},
    { kind: 'Pod' },
    { version: 'v1', kind: 1 },
    { group: 1, version: 'v1', kind: 'Pod' },
  ]) {
    it(`A36 request.kind ${JSON.stringify(kind) ?? 'missing'} is refused`, () => {
      const reply = ask(admissionReview, crafted({ kind }));
      assert.equal(responseOf(reply)['allowed'], false);
      assert.match(reply.text, /request\.kind is not a group, version and kind \[MALFORMED_OBJECT\]/);
    });
  }

  it('a kind without a group belongs to the core group, because Go omits empty strings', () => {
    const reply = ask(admissionReview, crafted({ kind: { version: 'v1', kind: 'Pod' }, object: BAD_POD }));
    assert.match(reply.text, /"allowed":false.*DISALLOWED_TAG/);
  });

  it('fields of wrong types are unknown, which is no permission', () => {
    const wrong = {
      operation: 1,
      namespace: ['team-a'],
      subResource: ['status'],
      dryRun: 'true',
      userInfo: 'alice',
      name: 7,
    };
    const { review } = admissionReview.open(
      crafted({ ...wrong, object: podOf(podSpec(), { namespace: undefined }) }),
    );
    assert.deepEqual(
      [review.operation, review.namespace, review.subresource, review.dryRun, review.user, review.object],
      [undefined, '', '', undefined, undefined, 'Pod web'],
    );
    assert.match(ask(admissionReview, crafted({ ...wrong, object: BAD_POD })).text, /"allowed":false/);
  });

  it('a review contains the fields of the API server, not those of the object', () => {
    const object = deployment();
    const { review } = admissionReview.open(
      admissionReviewOf({
        object,
        userInfo: { username: 'bob', groups: ['a', 1, null, 'b'] },
        dryRun: true,
      }),
    );
    const { subject, ...facts } = review;
    const known = {
      operation: 'CREATE',
      user: { username: 'bob', groups: ['a', 'b'] },
      namespace: 'team-a',
      subresource: '',
    };
    const reviewed = { ...known, group: 'apps', version: 'v1', kind: 'Deployment', object, oldObject: null };
    assert.deepEqual(subject, { kind: 'unread', reviewed });
    assert.deepEqual(facts, {
      ...known,
      uid: UID,
      dryRun: true,
      resource: 'deployments.apps',
      object: 'Deployment web',
    });
  });

  it('A34 an object without a name is shown by its generateName', () => {
    const object = podOf(podSpec(), { name: undefined, generateName: 'web-' });
    assert.equal(admissionReview.open(admissionReviewOf({ object })).review.object, 'Pod web-');
    const nameless = podOf(podSpec(), { name: '', generateName: '' });
    assert.equal(admissionReview.open(admissionReviewOf({ object: nameless })).review.object, 'Pod');
    const deleted = { object: null, oldObject: pod(), operation: 'DELETE' };
    assert.equal(
      admissionReview.open(admissionReviewOf(deleted)).review.object,
      'Pod web',
      'by its old object',
    );
  });

  it('a resource has the group that serves it today, whichever was requested', () => {
    const object = { ...deployment(), apiVersion: 'extensions/v1beta1' };
    assert.equal(admissionReview.open(admissionReviewOf({ object })).review.resource, 'deployments.apps');
    const rollout = { ...deployment(), apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
    assert.equal(
      admissionReview.open(admissionReviewOf({ object: rollout })).review.resource,
      'rollouts.argoproj.io',
    );
  });
});

describe('A37 a dry run is judged like any request', () => {
  for (const [what, object] of [
    ['a good pod', pod()],
    ['a bad pod', BAD_POD],
    ['a bad template', deployment({ containers: { web: BAD } })],
    ['a pod that cannot be read', podOf(null)],
  ] as const) {
    it(`A37 ${what}`, () => {
      assert.deepEqual(askAdmission({ object, dryRun: true }), askAdmission({ object, dryRun: false }));
      const missing = { ...admissionRequestOf({ object }), dryRun: undefined };
      const reply = ask(admissionReview, crafted(missing));
      assert.deepEqual(responseOf(reply), askAdmission({ object }));
    });
  }
});
