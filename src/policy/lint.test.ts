import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { ruleText, refusalOf } from '#test/bad-policies.ts';
import { deployment, pod } from '#test/pods.ts';
import { policyOf, type NamelessRule } from '#test/policies.ts';
import { ALICE } from '#test/reviews.ts';
import { judge, summarise } from '#test/verdicts.ts';
import { englishText } from '#test/phrases.ts';
import { parsePolicy } from '../policy-source/load.ts';
import { sayWarning } from './lint.ts';

/** The codes of the warnings about one rule, with the paths of their values. */
async function warningsOf(rule: NamelessRule): Promise<string[]> {
  const { warnings } = await policyOf({ requiredDigest: {}, ...rule });
  return warnings.map(({ code, path }) => `${code} ${path.slice(3).join('.')}`);
}

const CONTROLLER = 'system:serviceaccount:kube-system:replicaset-controller';

describe('XH8 an exclusion that includes the controllers of Kubernetes', () => {
  for (const exclude of [
    { users: ['system:serviceaccount:kube-system:*'] },
    { users: [CONTROLLER] },
    { users: ['system:*'] },
    { users: ['system:kube-controller-manager'] },
    { groups: ['system:serviceaccounts'] },
    { groups: ['system:serviceaccounts:kube-system'], usages: ['container'] },
    { users: ['system:serviceaccount:kube-system:job-*'], resources: ['pods'] },
  ] as NonNullable<NamelessRule['exclude']>[]) {
    it(`XH8 ${JSON.stringify(exclude)}`, async () => {
      const [field = ''] = Object.keys(exclude);
      assert.deepEqual(await warningsOf({ exclude }), [`EXCLUDES_CONTROLLERS exclude.${field}.0`]);
    });
  }

  it('XH8 is as wide as it is written if it names namespaces or images', async () => {
    const users = ['system:serviceaccount:kube-system:*'];
    assert.deepEqual(await warningsOf({ exclude: { users, namespaces: ['kube-system'] } }), []);
    assert.deepEqual(await warningsOf({ exclude: { users, images: ['registry.k8s.io/**'] } }), []);
  });

  it('XH8 a rule that excludes pods', async () => {
    assert.deepEqual(await warningsOf({ exclude: { resources: ['jobs.batch', 'pods'] } }), [
      'EXCLUDES_PODS exclude.resources',
    ]);
    assert.deepEqual(await warningsOf({ exclude: { resources: ['pods'], namespaces: ['a'] } }), []);
  });
});

describe('XH8 a rule about nothing is refused', () => {
  for (const [rule, problem] of [
    ['exclude: {groups: ["system:authenticated"]}', 'every user is in system:authenticated'],
    ['exclude: {groups: ["system:*"]}', 'every user is in system:authenticated'],
    ['exclude: {usages: [container, initContainer, ephemeralContainer, imageVolume]}', 'lets off everything'],
    ['match: {namespaces: [team-a]}\n    exclude: {namespaces: [team-a]}', 'lets off everything'],
    ['match: {namespaces: ["team-a*", b]}\n    exclude: {namespaces: ["team-*", b]}', 'lets off everything'],
    [
      'match: {images: ["ghcr.io/a/**"], users: [x]}\n    exclude: {images: ["ghcr.io/**"]}',
      'lets off everything',
    ],
    ['match: {resources: [pods]}\n    exclude: {resources: [jobs.batch, pods]}', 'lets off everything'],
  ] as const)
    it(`XH8 ${rule.replace('\n   ', '')}`, async () => {
      assert.ok((await refusalOf(ruleText(rule, 'requiredDigest: {}'))).includes(problem));
    });

  for (const rule of [
    'match: {namespaces: ["team-*"]}\n    exclude: {namespaces: [team-a]}',
    'match: {namespaces: [a]}\n    exclude: {namespaces: [a], users: [x]}',
    'match: {images: ["ghcr.io/**"]}\n    exclude: {images: ["ghcr.io/*"]}',
    'match: {images: ["ghcr.io/a/*"]}\n    exclude: {images: ["ghcr.io/a/web-*"]}',
    'match: {usages: [container]}\n    exclude: {usages: [initContainer]}',
  ])
    it(`XH8 and not ${rule.replace('\n   ', '')}`, async () => {
      await parsePolicy(ruleText(rule, 'requiredDigest: {}'), 'policy.yaml');
    });
});

test('XH15 two rules that no image satisfies together are a warning', async () => {
  const codesOf = async (text: string): Promise<string[]> =>
    (await parsePolicy(text, 'p.yaml')).warnings.map(({ code, place }) => `${code} ${place}`);
  const digest = '  - {name: b, requiredDigest: {}}\n';
  const tags = (more: string): string => ruleText(`allowedTags: {semver: ">=1.0.0"${more}}`) + digest;
  assert.deepEqual(await codesOf(tags('')), ['RULES_CONTRADICT p.yaml:8:5']);
  assert.deepEqual(await codesOf(tags(', withDigest: Allow')), []);
  for (const more of ['match: {namespaces: [a]}', 'validationActions: [Warn]'])
    assert.deepEqual(await codesOf(tags('').replace('- name: a', `- name: a\n    ${more}`)), []);
});

describe('X10 a pattern that admits images which anybody can publish', () => {
  it('X10 is a warning', async () => {
    const images = [
      'docker.io/**',
      'docker.io/library/*',
      'ghcr.io/*/app',
      'quay.io/acme/**',
      '*-docker.pkg.dev/**',
      'k8s.gcr.io/**',
      '*.gcr.io/**',
    ];
    assert.deepEqual(await warningsOf({ requiredDigest: undefined, allowedImages: { images } }), [
      'ADMITS_EVERYBODY allowedImages.images.0',
      'ADMITS_EVERYBODY allowedImages.images.2',
      'ADMITS_EVERYBODY allowedImages.images.4',
      'ADMITS_EVERYBODY allowedImages.images.6',
    ]);
    assert.deepEqual(await warningsOf({ exclude: { images: ['docker.io/**'] } }), [
      'ADMITS_EVERYBODY exclude.images.0',
    ]);
    assert.deepEqual(await warningsOf({ match: { images: ['docker.io/**'] } }), []);
  });

  it('X10 has file, line and column', async () => {
    const { warnings } = await parsePolicy(ruleText('allowedImages: {images: ["docker.io/**"]}'), 'p.yaml');
    assert.deepEqual(warnings.map(sayWarning), [
      'ADMITS_EVERYBODY: p.yaml:8:30: spec.rules[0].allowedImages.images[0]: "docker.io/**" admits images that anybody can publish there' +
        ' (name your own part of it, as in docker.io/my-organization/**)',
    ]);
  });
});

describe('X11 a rule that excludes people', () => {
  const DEPLOYER = { username: 'system:serviceaccount:ci:deployer', groups: [] };
  const rule: NamelessRule = {
    name: 'pinned',
    exclude: { users: ['system:serviceaccount:ci:*'] },
    requiredDigest: {},
  };

  it('X11 is a warning, because controllers create the pods', async () => {
    assert.deepEqual(await warningsOf(rule), ['EXCLUDES_TEMPLATES_ONLY exclude.users.0']);
    assert.deepEqual(await warningsOf({ exclude: { groups: ['breakers'] } }), [
      'EXCLUDES_TEMPLATES_ONLY exclude.groups.0',
    ]);
  });

  it('X11 is none for nodes, for pods only, and with namespaces or images', async () => {
    for (const more of [{ resources: ['pods'] }, { namespaces: ['a'] }, { images: ['ghcr.io/a/b'] }])
      assert.deepEqual(
        await warningsOf({ exclude: { users: ['alice'], ...more } }),
        [],
        JSON.stringify(more),
      );
    assert.deepEqual(await warningsOf({ match: { resources: ['pods'] }, exclude: { users: ['alice'] } }), []);
    assert.deepEqual(await warningsOf({ exclude: { groups: ['system:nodes'] } }), []);
  });

  it('X11 on a template that it lets off, it says that the pods are judged for themselves', async () => {
    const policy = await policyOf(rule);
    const object = deployment({ containers: { web: 'nginx:1', side: 'nginx:2' } });
    const decision = judge({ object, userInfo: DEPLOYER }, policy);
    assert.deepEqual(summarise(decision), ['admitted']);
    assert.deepEqual(
      decision.notices.map(({ code, text }) => `${code}: ${englishText(text)}`),
      [
        'EXCLUDED_TEMPLATE: is not judged by rule pinned, which excludes this user, but its pods are judged for themselves: the image is not pinned by a digest',
      ],
    );
    assert.deepEqual(
      summarise(
        judge(
          { object: pod({ containers: { web: 'nginx:1' } }), userInfo: { username: CONTROLLER, groups: [] } },
          policy,
        ),
      ),
      ['refused', 'DIGEST_REQUIRED spec.containers[0].image web'],
    );
  });

  it('X11 it says nothing about pods, other users, good images, and rules that only warn', async () => {
    const policy = await policyOf(rule);
    const containers = { web: 'nginx:1' };
    const digest = { web: `nginx@sha256:${'0'.repeat(64)}` };
    const warning = await policyOf({ ...rule, validationActions: ['Warn'] });
    for (const [request, used] of [
      [{ object: pod({ containers }), userInfo: DEPLOYER }, policy],
      [{ object: deployment({ containers }), userInfo: ALICE }, policy],
      [{ object: deployment({ containers: digest }), userInfo: DEPLOYER }, policy],
      [{ object: deployment({ containers }), userInfo: DEPLOYER }, warning],
    ] as const)
      assert.deepEqual(judge(request, used).notices, []);
  });
});
