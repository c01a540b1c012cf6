import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, pod } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { ask, createTestRecorder, issueClient, keys, startGate } from '#test/review-server.ts';
import { ALICE, admissionReviewOf, crafted } from '#test/reviews.ts';
import { ask as askInProcess, askAdmission, judge, summarise } from '#test/verdicts.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { createBouncer } from '../../src/bouncer.ts';

const LATEST = { disallowedTags: { tags: ['latest'] } };
const BAD_POD = pod({ containers: { web: BAD } });
const REFUSED = ['refused', 'DISALLOWED_TAG spec.containers[0].image web'];
const OPS = { username: 'ops', groups: ['system:masters', 'breakers'] };
const FREE_FOR_OPS = { exclude: { users: ['ops'], groups: ['breakers'] }, ...LATEST };

describe('a rule that audits or warns beside a rule that refuses', () => {
  for (const actions of [['Audit'], ['Warn'], ['Warn', 'Audit']] as const) {
    it(`C18 the rule that refuses wins over one with ${actions.join(' and ')}, in either order`, async () => {
      const quiet = { name: 'quiet', validationActions: [...actions], ...LATEST };
      const strict = { name: 'strict', ...LATEST };
      for (const rules of [
        [quiet, strict],
        [strict, quiet],
      ]) {
        const { allowed, status } = askAdmission({ object: BAD_POD }, await policyOf(...rules));
        assert.equal(allowed, false);
        assert.match(status?.message ?? '', /strict/);
        assert.doesNotMatch(status?.message ?? '', /quiet/);
      }
      const alone = askAdmission({ object: BAD_POD }, await policyOf(quiet));
      assert.equal(alone.allowed, true, 'the rule that only warns or audits refuses nothing');
    });
  }

  it('C18 an audited violation is still audited if another rule refuses', async () => {
    const policy = await policyOf(
      { name: 'quiet', validationActions: ['Audit'], ...LATEST },
      { ...LATEST, name: 'strict' },
    );
    const { auditAnnotations = {} } = askAdmission({ object: BAD_POD }, policy);
    assert.match(Object.values(auditAnnotations).join('\n'), /quiet/);
  });
});

describe('the requester', () => {
  it('E16 headers of a front proxy are ignored: only the review names the user', async () => {
    const policy = await policyOf(FREE_FOR_OPS);
    await using gate = await startGate({
      protocols: { admissionReview, imageReview },
      bouncer: createBouncer({ policies: { current: () => policy } }),
    });
    const outcome = async (userInfo: object, headers: Readonly<Record<string, string>>) => {
      const body = JSON.stringify(admissionReviewOf({ object: BAD_POD, userInfo: { ...userInfo } }));
      const { text } = await ask(gate, { path: '/validate', body, headers });
      return (JSON.parse(text) as { response: { allowed: boolean } }).response.allowed;
    };
    const proxied = {
      'x-remote-user': 'ops',
      'x-remote-group': 'breakers',
      'x-remote-extra-scopes': 'all',
      'x-forwarded-user': 'ops',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'kubernetes.default.svc',
      'impersonate-user': 'ops',
      'impersonate-group': 'breakers',
      forwarded: 'for=127.0.0.1;by=ops',
      authorization: 'Basic b3BzOm9wcw==',
    };
    assert.equal(await outcome(OPS, {}), true);
    assert.equal(await outcome(ALICE, proxied), false);
    for (const [name, value] of Object.entries(proxied))
      assert.equal(await outcome(ALICE, { [name]: value }), false, name);
    const stripped = { 'x-remote-user': 'alice', 'x-remote-group': 'developers' };
    assert.equal(await outcome(OPS, stripped), true, 'and they do not remove the user of the review');
  });

  it('E16 no header replaces a client certificate', async () => {
    const { recorder, records } = createTestRecorder();
    await using gate = await startGate({
      tls: { ...keys.serving, clientAuthority: keys.authority.certificate, clientNames: ['kube-apiserver'] },
      recorder,
    });
    const named = {
      'x-remote-user': 'kube-apiserver',
      'ssl-client-subject-dn': 'CN=kube-apiserver',
      'x-forwarded-client-cert': 'Subject="CN=kube-apiserver"',
    };
    const stranger = await issueClient(keys.authority, 'stranger');
    const { status } = await ask(gate, {
      headers: named,
      cert: stranger.certificate,
      key: stranger.key,
    });
    assert.equal(status, 403);
    assert.deepEqual(records, []);
  });

  for (const [what, userInfo] of [
    ['none', undefined],
    ['null', null],
    ['a text', 'ops'],
    ['a list', [OPS]],
    ['no username', { groups: OPS.groups }],
    ['a username that is no text', { username: ['ops'], groups: OPS.groups }],
    ['groups that are no list', { username: 'ops', groups: 'breakers' }],
    ['groups that are no texts', { username: 'other', groups: [['breakers'], { breakers: true }, null] }],
    ['a gigantic username', { username: 'ops'.repeat(1_000_000), groups: [] }],
    [
      'a gigantic list of groups',
      { username: 'other', groups: Array.from({ length: 200_000 }, (_, index) => `breakers-${index}`) },
    ],
    ['a name with a line end', { username: 'ops\n', groups: ['breakers\n', ' breakers', 'Breakers'] }],
  ] as const) {
    it(`E17 a review whose user is ${what} is answered without an exemption`, async () => {
      const reviewed = crafted({ object: BAD_POD, userInfo });
      const { status, body } = askInProcess(admissionReview, reviewed, await policyOf(FREE_FOR_OPS));
      assert.equal(status, 200);
      assert.equal((body['response'] as { allowed: boolean }).allowed, false);
    });
  }

  it('E17 one of ten thousand groups is found, and is sufficient if the exemption names no user', async () => {
    const groups = [...Array.from({ length: 10_000 }, (_, index) => `team-${index}`), 'breakers'];
    const userInfo = { username: 'other', groups };
    const byGroup = await policyOf({ exclude: { groups: ['breakers'] }, ...LATEST });
    assert.deepEqual(summarise(judge({ object: BAD_POD, userInfo }, byGroup)), ['admitted']);
    const byBoth = await policyOf(FREE_FOR_OPS);
    assert.deepEqual(
      summarise(judge({ object: BAD_POD, userInfo }, byBoth)),
      REFUSED,
      'the name counts as well',
    );
  });
});
