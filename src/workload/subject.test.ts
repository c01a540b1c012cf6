import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec, workload } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { ALICE, kindOf } from '#test/reviews.ts';
import { askAdmission, judge, summarise } from '#test/verdicts.ts';

const BAD_POD = pod({ containers: { web: BAD } });
const REFUSED = ['refused', 'DISALLOWED_TAG spec.containers[0].image web'];

describe('an object without images is admitted without warnings', () => {
  const CASES = [
    ['A22 pods/status', { object: BAD_POD, oldObject: pod(), subResource: 'status' }],
    [
      'A22 deployments/status',
      { object: deployment({ containers: { web: BAD } }), oldObject: deployment(), subResource: 'status' },
    ],
    ['A22 pods/binding', { object: bare('v1', 'Binding'), subResource: 'binding' }],
    ['A22 pods/eviction of 1.22', { object: bare('policy/v1', 'Eviction'), subResource: 'eviction' }],
    ['A22 pods/eviction before', { object: bare('policy/v1beta1', 'Eviction'), subResource: 'eviction' }],
    [
      'A22 deployments/scale',
      {
        object: bare('autoscaling/v1', 'Scale'),
        oldObject: bare('autoscaling/v1', 'Scale'),
        subResource: 'scale',
      },
    ],
    [
      'A22 deployments/scale of extensions',
      {
        object: bare('extensions/v1beta1', 'Scale'),
        oldObject: bare('extensions/v1beta1', 'Scale'),
        subResource: 'scale',
      },
    ],
    [
      'A22 deployments/rollback',
      { object: bare('extensions/v1beta1', 'DeploymentRollback'), subResource: 'rollback' },
    ],
    ['A23 pods/exec', { object: bare('v1', 'PodExecOptions'), operation: 'CONNECT', subResource: 'exec' }],
    [
      'A23 pods/attach',
      { object: bare('v1', 'PodAttachOptions'), operation: 'CONNECT', subResource: 'attach' },
    ],
    [
      'A23 pods/portforward',
      { object: bare('v1', 'PodPortForwardOptions'), operation: 'CONNECT', subResource: 'portforward' },
    ],
    [
      'A23 services/proxy',
      { object: bare('v1', 'ServiceProxyOptions'), operation: 'CONNECT', subResource: 'proxy' },
    ],
    ['A33 DELETE of a bad pod', { object: null, oldObject: BAD_POD, operation: 'DELETE' }],
    [
      'A33 DELETE of a bad template',
      { object: null, oldObject: deployment({ containers: { web: BAD } }), operation: 'DELETE' },
    ],
    [
      'A33 DELETE of an object that cannot be read',
      { object: null, oldObject: podOf(null), operation: 'DELETE' },
    ],
    ['A33 DELETE of an unknown kind', { object: null, oldObject: bare('v1', 'Secret'), operation: 'DELETE' }],
  ] as const;
  for (const [what, request] of CASES) {
    it(what, () => {
      const decision = judge(request);
      assert.deepEqual([summarise(decision), decision.notices, decision.uses], [['admitted'], [], []]);
    });
  }

  it('A22 a pod is judged under any other subresource', () => {
    for (const subResource of ['resize', 'ephemeralcontainers', 'Status', 'status ', 'scale']) {
      assert.deepEqual(
        summarise(judge({ object: BAD_POD, oldObject: pod(), subResource })),
        REFUSED,
        subResource,
      );
    }
  });
});

describe('unknown kinds', () => {
  it('A15 an unknown kind is admitted with a notice', () => {
    const object = {
      ...bare('example.com/v1', 'Widget'),
      spec: { image: BAD, template: { spec: podSpec() } },
    };
    const decision = judge({ object });
    assert.deepEqual(summarise(decision), ['admitted']);
    assert.deepEqual(
      decision.notices.map(({ code, use }) => [code, use]),
      [['UNKNOWN_KIND', undefined]],
    );
    assert.match(
      englishText(decision.notices[0]?.text),
      /^the gate does not know where Widget\.example\.com has images;/,
    );
    assert.equal(askAdmission({ object }).warnings?.length, 1);
  });

  it('A15 the name of an unknown kind is safe to repeat', () => {
    const kind = { group: 'x\r\ny', version: 'v1', kind: '\u001b[31mWidget' };
    const [notice] = judge({ object: {}, kind }).notices;
    assert.match(
      englishText(notice?.text),
      /where \\u001b\[31mWidget\.x\\u000d\\u000ay has images; its pods/,
    );
  });

  for (const object of [
    { apiVersion: 'v1', kind: 'List', items: [pod()] },
    { apiVersion: 'v1', kind: 'List', items: [] },
    { apiVersion: 'v1', kind: 'PodList', items: [BAD_POD] },
    { apiVersion: 'apps/v1', kind: 'DeploymentList', items: [deployment()] },
  ]) {
    it(`A24 a ${object.kind} of ${object.items.length} is refused`, () => {
      const [outcome, violation = ''] = summarise(judge({ object }));
      assert.equal(outcome, 'refused');
      assert.match(violation, new RegExp(`^UNSUPPORTED_KIND ${object.kind} is a list of objects`));
    });
  }
});

describe('mirrors of static pods', () => {
  const annotations = { 'kubernetes.io/config.mirror': '9f1c' };
  const owner = { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: '1' }] };
  const mirror = podOf(
    { ...podSpec({ containers: { etcd: BAD } }), nodeName: 'n1' },
    { annotations, ...owner },
  );
  const node = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const refused = ['refused', 'DISALLOWED_TAG spec.containers[0].image etcd'];

  it('A20 the mirror of a bad static pod is admitted with a warning and an audit annotation', () => {
    const decision = judge({ object: mirror, userInfo: node });
    assert.deepEqual(summarise(decision), ['admitted', 'DISALLOWED_TAG spec.containers[0].image etcd']);
    assert.deepEqual(decision.violations[0]?.actions, ['Warn', 'Audit']);
    assert.deepEqual(
      decision.notices.map(({ code }) => code),
      ['MIRROR_POD'],
    );
    const {
      allowed,
      warnings = [],
      auditAnnotations = {},
    } = askAdmission({ object: mirror, userInfo: node });
    assert.ok(allowed);
    assert.match(warnings.join('\n'), /etcd.*latest.*\n.*static pod/s);
    assert.match(auditAnnotations['violations'] ?? '', /latest/);
    assert.match(auditAnnotations['warnings'] ?? '', /static pod/);
  });

  it('A20 the mirror of a good static pod is admitted like any pod', () => {
    const good = podOf({ ...podSpec(), nodeName: 'n1' }, { annotations });
    const decision = judge({ object: good, userInfo: node });
    assert.deepEqual([summarise(decision), decision.notices], [['admitted'], []]);
  });

  it('A20 a mirror that cannot be read is refused', () => {
    const broken = podOf({ containers: [], nodeName: 'n1' }, { annotations });
    const expected = ['refused', 'MALFORMED_OBJECT spec.containers is empty'];
    assert.deepEqual(summarise(judge({ object: broken, userInfo: node })), expected);
  });

  const spec = mirror['spec'] as object;
  const CLAIMS = [
    ['a user', { object: mirror, userInfo: ALICE }],
    [
      'a user in the group of the nodes',
      { object: mirror, userInfo: { username: 'alice', groups: ['system:nodes'] } },
    ],
    [
      'a user by the name of the node',
      { object: mirror, userInfo: { username: 'system:node:n1', groups: [] } },
    ],
    ['another node', { object: mirror, userInfo: { ...node, username: 'system:node:n2' } }],
    [
      'a node whose name begins alike',
      { object: mirror, userInfo: { ...node, username: 'system:node:n1x' } },
    ],
    [
      'a node without a name',
      {
        object: podOf({ ...spec, nodeName: '' }, { annotations }),
        userInfo: { ...node, username: 'system:node:' },
      },
    ],
    [
      'a node, of a pod bound to none',
      { object: podOf(podSpec({ containers: { etcd: BAD } }), { annotations }), userInfo: node },
    ],
    ['a node, without the annotation', { object: podOf(spec, owner), userInfo: node }],
    [
      'a node, with the annotation as a label',
      { object: podOf(spec, { labels: annotations }), userInfo: node },
    ],
    [
      'a node, with an annotation that is not text',
      { object: podOf(spec, { annotations: { 'kubernetes.io/config.mirror': true } }), userInfo: node },
    ],
    ['groups that are not a list', { object: mirror, userInfo: { ...node, groups: 'system:nodes' } }],
    ['a request without a user', { object: mirror, userInfo: {} }],
  ] as const;
  for (const [who, request] of CLAIMS) {
    it(`A21 a mirror claimed by ${who} is judged like any pod`, () => {
      assert.deepEqual(summarise(judge(request)), refused);
    });
  }

  it('A21 an update of a mirror is judged', () => {
    const before = podOf({ ...podSpec({ containers: { etcd: GOOD } }), nodeName: 'n1' }, { annotations });
    assert.deepEqual(summarise(judge({ object: mirror, oldObject: before, userInfo: node })), refused);
  });

  it('A21 a template with the annotation is judged', () => {
    const object = { ...deployment({ containers: { etcd: BAD } }, { annotations }), nodeName: 'n1' };
    assert.deepEqual(summarise(judge({ object, userInfo: node })).slice(0, 1), ['refused']);
  });
});

describe('an unreadable object that is older than the gate', () => {
  const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/wait'] };
  const unreadable = podOf({ containers: 'none' }, deleting);

  it('A32 may lose its finalizers while its pod spec stays the same', () => {
    const object = { ...unreadable, metadata: { ...(unreadable['metadata'] as object), finalizers: [] } };
    assert.deepEqual(summarise(judge({ object, oldObject: unreadable })), ['admitted']);
  });

  it('A16 an unreadable object is refused on CREATE and if its pod spec changes', () => {
    const changed = podOf({ containers: 'others' }, deleting);
    assert.equal(judge({ object: unreadable }).outcome, 'refused');
    assert.equal(judge({ object: changed, oldObject: unreadable }).outcome, 'refused');
    assert.equal(
      judge({ object: podOf(null, deleting), oldObject: podOf(null, deleting) }).outcome,
      'refused',
    );
  });

  it('F03 an unreadable object is refused if it cannot be compared with its old version', () => {
    // The comparison of very deep objects ends in a RangeError. This field ends it in the same way.
    const incomparable = (): object =>
      podOf({
        containers: 'none',
        get nested(): unknown {
          throw new RangeError('cannot be compared');
        },
      });
    const decision = judge({ object: incomparable(), oldObject: incomparable() });
    assert.equal(decision.outcome, 'refused');
    assert.deepEqual(
      decision.violations.map(({ code }) => code),
      ['MALFORMED_OBJECT'],
    );
  });
});

describe('names, namespaces and kinds', () => {
  const elsewhere = { match: { namespaces: ['team-b'] }, disallowedTags: { tags: ['latest'] } };

  it('A34 an object without a name is judged like any other', () => {
    const object = podOf(podSpec({ containers: { web: BAD } }), { name: undefined, generateName: 'web-' });
    assert.deepEqual(summarise(judge({ object })), REFUSED);
    const nameless = podOf(podSpec(), { name: undefined });
    assert.deepEqual(summarise(judge({ object: nameless })), ['admitted']);
  });

  it('A35 the namespace of the request counts, whether or not the object names it', async () => {
    const policy = await policyOf(elsewhere);
    const object = podOf(podSpec({ containers: { web: BAD } }), { namespace: undefined });
    assert.deepEqual(summarise(judge({ object, namespace: 'team-b' }, policy)), REFUSED);
    assert.deepEqual(summarise(judge({ object, namespace: 'team-a' }, policy)), ['admitted']);
  });

  for (const [what, namespace, objectNamespace] of [
    ['another namespace', 'team-a', 'team-b'],
    ['a namespace where the request has none', '', 'team-a'],
    ['a namespace that is not text', 'team-a', ['team-a']],
    ['a namespace of null', 'team-a', null],
  ] as const) {
    it(`A35 an object that names ${what} is refused`, () => {
      const object = podOf(podSpec(), { namespace: objectNamespace });
      const expected = [
        'refused',
        'MALFORMED_OBJECT the object is not in the namespace that the request names',
      ];
      assert.deepEqual(summarise(judge({ object, namespace })), expected);
    });
  }

  const deploymentKind = kindOf(deployment());
  for (const [what, object, kind] of [
    ['a Pod sent as a Deployment', pod(), deploymentKind],
    ['a Deployment sent as a Pod', deployment(), kindOf(pod())],
    ['another version', deployment(), { ...deploymentKind, version: 'v1beta1' }],
    ['another group', deployment(), { ...deploymentKind, group: 'extensions' }],
    ['no kind', { ...pod(), kind: undefined }, kindOf(pod())],
    ['no apiVersion', { ...pod(), apiVersion: undefined }, kindOf(pod())],
    ['a kind that is not text', { ...pod(), kind: ['Pod'] }, kindOf(pod())],
  ] as const) {
    it(`A36 ${what} is refused`, () => {
      const [outcome, violation = ''] = summarise(judge({ object, kind }));
      assert.equal(outcome, 'refused');
      assert.match(violation, /^MALFORMED_OBJECT the object is not the \S+ \S+ that the request names$/);
    });
  }

  for (const object of [null, undefined, [], 'x', 1, true]) {
    it(`A16 an object that is ${JSON.stringify(object) ?? 'missing'} is refused on CREATE, UPDATE and an unknown operation`, () => {
      for (const operation of ['CREATE', 'UPDATE', 'PATCH']) {
        const request = { object, oldObject: pod(), operation, kind: kindOf(pod()) };
        assert.deepEqual(summarise(judge(request)), ['refused', 'MALFORMED_OBJECT the object is missing']);
      }
    });
  }

  it('an unknown operation is treated like a CREATE', () => {
    assert.deepEqual(summarise(judge({ object: BAD_POD, oldObject: BAD_POD, operation: 'PATCH' })), REFUSED);
    assert.deepEqual(summarise(judge({ object: pod(), operation: 'PATCH' })), ['admitted']);
  });
});

function bare(apiVersion: string, kind: string): ReturnType<typeof pod> {
  return workload(apiVersion, kind, '', {});
}
