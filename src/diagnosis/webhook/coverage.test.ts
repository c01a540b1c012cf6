import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterReports, withWebhooks } from '#test/cluster-findings.ts';
import { policyOf } from '#test/policies.ts';
import { examineCoverage, groupNamespaces, neededRules, renderNames } from './coverage.ts';
import { decodeWebhooks, type SeenRule, type SeenWebhook } from '../../wiring/webhook-configuration.ts';

const EVERYTHING = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*', '*/*'] };

function webhooksOf(...rules: readonly object[]): readonly SeenWebhook[] {
  return decodeWebhooks({ metadata: { name: 'kube-image-bouncer' }, webhooks: [{ name: 'a.b.c', rules }] });
}

function missing(...rules: readonly object[]): readonly string[] {
  return examineCoverage([{ namespaces: ['a'], webhooks: webhooksOf(...rules) }], neededRules(undefined)).map(
    ({ code, what }) => `${code} ${what}`,
  );
}

describe('requests that a policy needs and no rule covers', () => {
  it('there are none if the rules cover everything', () => {
    assert.deepEqual(missing(EVERYTHING), []);
    assert.deepEqual(missing(EVERYTHING, { ...EVERYTHING, scope: 'Cluster', resources: ['nodes'] }), []);
    assert.deepEqual(missing(...neededRules(undefined).rules), []);
  });

  it('the star for resources covers no subresource', () => {
    assert.deepEqual(missing({ ...EVERYTHING, resources: ['*'] }), [
      'SUBRESOURCE_NOT_COVERED no rule covers pods/ephemeralcontainers',
    ]);
    assert.deepEqual(missing({ ...EVERYTHING, resources: ['*', 'pods/*'] }), []);
  });

  it('each resource is named; the operation is named if only that is missing', () => {
    const found = missing({ ...EVERYTHING, operations: ['CREATE'] });
    assert.ok(found.includes('OPERATION_NOT_COVERED no rule covers UPDATE of pods'), found.join('\n'));
    assert.ok(found.includes('SUBRESOURCE_NOT_COVERED no rule covers pods/ephemeralcontainers'));
    const apps = missing({ ...EVERYTHING, apiGroups: ['', 'batch'] });
    assert.ok(apps.includes('KIND_NOT_COVERED no rule covers deployments.apps'));
    assert.ok(!apps.some((one) => one.includes('cronjobs')));
  });

  it('a rule for another version covers nothing', () => {
    assert.ok(missing({ ...EVERYTHING, apiVersions: ['v1beta1'] }).length > 5);
  });

  it('a rule with scope Cluster covers no namespaced kind', () => {
    const found = missing({ ...EVERYTHING, scope: 'Cluster' });
    assert.ok(found.some((one) => one.startsWith('SCOPE_CLUSTER')));
    assert.ok(found.some((one) => one.startsWith('KIND_NOT_COVERED')));
  });

  it('known custom resources are one note, because they may not be installed', async () => {
    const own = missing({ ...EVERYTHING, apiGroups: ['', 'apps', 'batch'] });
    const listed = 'rollouts.argoproj.io, experiments.argoproj.io, analysistemplates.argoproj.io';
    assert.equal(own.length, 2);
    assert.match(
      own[0] ?? '',
      new RegExp(`^CUSTOM_RESOURCES_NOT_COVERED no rule covers ${listed}.* and \\d+ more$`),
    );
    assert.match(own[1] ?? '', /clusteranalysistemplates\.argoproj\.io/);
    const local = missing({ ...EVERYTHING, scope: 'Namespaced' });
    assert.deepEqual(
      local.map((one) => one.includes('clustertasks.tekton.dev')),
      [true],
      'a cluster-scoped kind is not covered',
    );
  });

  it('custom resources that the policy names are a fault', async () => {
    const policy = await policyOf({ match: { resources: ['rollouts.argoproj.io'] }, requiredDigest: {} });
    const needed = neededRules(policy);
    const found = (...rules: readonly object[]) =>
      examineCoverage([{ namespaces: ['a'], webhooks: webhooksOf(...rules) }], needed).map(
        ({ code }) => code,
      );
    const pods = { ...EVERYTHING, apiGroups: [''] };
    assert.deepEqual(found(pods), ['KIND_NOT_COVERED']);
    const rollouts = {
      ...EVERYTHING,
      apiGroups: ['argoproj.io'],
      apiVersions: ['v1alpha1'],
      resources: ['rollouts'],
    };
    assert.deepEqual(found(pods, rollouts), [], 'in any version');
    assert.deepEqual(found(pods, { ...rollouts, operations: ['CREATE'] }), ['OPERATION_NOT_COVERED']);
    assert.deepEqual(found(pods, { ...rollouts, scope: 'Cluster' }), ['KIND_NOT_COVERED', 'SCOPE_CLUSTER']);
  });

  it('cluster-scoped kinds are covered by any webhook, also by one that is not called for kube-system', () => {
    const [one, other] = [webhooksOf(EVERYTHING), webhooksOf({ ...EVERYTHING, scope: 'Namespaced' })];
    const groups = [
      { namespaces: ['a'], webhooks: one },
      { namespaces: ['kube-system'], webhooks: other },
    ];
    assert.deepEqual(examineCoverage(groups, neededRules(undefined)), []);
  });

  it('E04 namespaces are grouped by the webhooks that are called for them', () => {
    const [one] = webhooksOf(EVERYTHING);
    assert.ok(one !== undefined);
    const optIn = { ...one, namespaceSelector: { matchLabels: { ask: 'yes' } } };
    const namespaces = ['a', 'b'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, ...(name === 'a' && { labels: { ask: 'yes' } }) },
    }));
    const groups = groupNamespaces([optIn], namespaces);
    assert.deepEqual(
      groups.map((group) => [group.namespaces, group.webhooks.length]),
      [
        [['a'], 1],
        [['b'], 0],
      ],
    );
    assert.deepEqual(examineCoverage(groups, neededRules(undefined)), []);
  });
});

/** The webhooks of the healthy cluster, with other rules. */
function withRules(change: (rule: SeenRule) => Partial<SeenRule>): {
  readonly webhooks: readonly SeenWebhook[];
} {
  return withWebhooks(({ rules }) => ({
    rules: rules.map((rule) => Object.assign({}, rule, change(rule))),
  }));
}

const without = (left: string): ReturnType<typeof withRules> =>
  withRules(({ resources }) => ({ resources: resources.filter((one) => one !== left) }));

describe('rules of the webhooks of a cluster', () => {
  clusterReports(['KIND_NOT_COVERED'], 'no rule for Deployments', without('deployments'));
  clusterReports(['SUBRESOURCE_NOT_COVERED'], 'no rule for ephemeral containers', {
    ...without('pods/ephemeralcontainers'),
  });
  clusterReports(['CUSTOM_RESOURCES_NOT_COVERED'], 'no rule for a custom resource', without('rollouts'));
  clusterReports(['OPERATION_NOT_COVERED'], 'no rule for updates of apps', {
    ...withRules(({ apiGroups, operations }) => ({
      operations: apiGroups.includes('apps') ? operations.filter((one) => one !== 'UPDATE') : operations,
    })),
  });
  clusterReports(['KIND_NOT_COVERED', 'SCOPE_CLUSTER'], 'a rule for batch with scope Cluster', {
    ...withRules(({ apiGroups, scope }) => ({ scope: apiGroups.includes('batch') ? 'Cluster' : scope })),
  });
});

it('a list shows five names, and the number of the others', () => {
  assert.equal(renderNames(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d, e');
  assert.equal(renderNames(['a', 'b', 'c', 'd', 'e', 'f', 'g']), 'a, b, c, d, e and 2 more');
});
