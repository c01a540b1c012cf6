import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_LATEST, policyDocument, policyOf } from '#test/policies.ts';
import { decodePolicy } from '../policy/decode.ts';
import { SHIPPED_KINDS } from '../workload/custom/shipped-kinds.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';
import { namespacedRules, unreadableResources, webhookRules, type WebhookRule } from './rules.ts';

/** `group/version resource OPERATIONS`, for each pair that a rule holds. */
function linesOf(rules: readonly WebhookRule[]): string[] {
  return rules.flatMap(({ apiGroups, apiVersions, operations, resources }) =>
    resources.map(
      (resource) => `${apiGroups.join()}/${apiVersions.join()} ${resource} ${operations.join('+')}`,
    ),
  );
}

const PODS = ['/v1 pods CREATE+UPDATE', '/v1 pods/ephemeralcontainers UPDATE'];

const noLatest = { disallowedTags: { tags: ['latest'] } };

describe('the rules of a webhook', () => {
  it('match every built-in kind with images, and nothing else', () => {
    const own = linesOf(webhookRules(NO_LATEST)).filter((line) => !line.includes('/* '));
    assert.deepEqual(own.toSorted(), [
      '/v1 pods CREATE+UPDATE',
      '/v1 pods/ephemeralcontainers UPDATE',
      '/v1 podtemplates CREATE+UPDATE',
      '/v1 replicationcontrollers CREATE+UPDATE',
      'apps/v1 daemonsets CREATE+UPDATE',
      'apps/v1 deployments CREATE+UPDATE',
      'apps/v1 replicasets CREATE+UPDATE',
      'apps/v1 statefulsets CREATE+UPDATE',
      'batch/v1 cronjobs CREATE+UPDATE',
      'batch/v1 jobs CREATE+UPDATE',
    ]);
  });

  it('match every kind of the table, also new ones', () => {
    const asked = new Set(
      webhookRules(NO_LATEST).flatMap(({ apiGroups, resources }) =>
        resources.map((resource) => (apiGroups[0] === '' ? resource : `${resource}.${apiGroups[0]}`)),
      ),
    );
    for (const { resource } of [...WORKLOAD_KINDS, ...SHIPPED_KINDS])
      assert.ok(asked.has(resource), resource);
    assert.equal(
      asked.size,
      new Set(WORKLOAD_KINDS.map(({ resource }) => resource)).size + 1 + SHIPPED_KINDS.length,
    );
  });

  it('name the current version, which the table lists', () => {
    for (const { apiGroups, apiVersions, resources } of webhookRules(NO_LATEST)) {
      if (apiVersions.includes('*')) continue;
      for (const plural of resources) {
        const resource = [plural.split('/')[0], ...apiGroups.filter(Boolean)].join('.');
        const served = WORKLOAD_KINDS.filter((row) => row.resource === resource).flatMap((row) => row.served);
        const version = [...apiGroups.filter(Boolean), ...apiVersions].join('/');
        assert.ok(served.includes(version), `${resource}: ${version}`);
        assert.ok(served.some((apiVersion) => groupOf(apiVersion) === apiGroups[0]));
      }
    }
  });

  it('match only the kinds that the policy names, if it can refuse no others', async () => {
    const policy = await policyOf(
      { match: { resources: ['deployments.apps', 'cronjobs.batch'] }, ...noLatest },
      { match: { resources: ['deployments.apps'] }, requiredDigest: {} },
    );
    assert.deepEqual(linesOf(webhookRules(policy)).toSorted(), [
      ...PODS,
      'apps/v1 deployments CREATE+UPDATE',
      'batch/v1 cronjobs CREATE+UPDATE',
    ]);
  });

  it('always match pods and their ephemeral containers', async () => {
    const policy = await policyOf({ match: { resources: ['jobs.batch'] }, ...noLatest });
    assert.deepEqual(linesOf(webhookRules(policy)).slice(0, 2), PODS);
  });

  it('match every kind if one rule does, or if every image needs a rule that vouches for it', async () => {
    const narrow = { match: { resources: ['pods'] }, ...noLatest };
    const everything = linesOf(webhookRules(NO_LATEST));
    assert.deepEqual(linesOf(webhookRules(await policyOf(narrow))), PODS);
    for (const wide of [
      noLatest,
      { match: { namespaces: ['a'] }, ...noLatest },
      { exclude: { resources: ['pods'] }, ...noLatest },
    ])
      assert.deepEqual(linesOf(webhookRules(await policyOf(narrow, wide))), everything);
    const strict = await decodePolicy(
      policyDocument([narrow, { ...narrow, match: { ...narrow.match, images: ['ghcr.io/a/*'] } }], 'Deny'),
    );
    assert.deepEqual(linesOf(webhookRules(strict)), everything);
  });

  it('match custom resources in every version and in their scope', () => {
    const rules = webhookRules(NO_LATEST).filter(({ apiGroups }) => apiGroups[0] === 'argoproj.io');
    assert.deepEqual(rules, [
      {
        apiGroups: ['argoproj.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: [
          'rollouts',
          'experiments',
          'analysistemplates',
          'analysisruns',
          'workflows',
          'workflowtemplates',
          'cronworkflows',
        ],
        scope: 'Namespaced',
      },
      {
        apiGroups: ['argoproj.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['clusteranalysistemplates', 'clusterworkflowtemplates'],
        scope: 'Cluster',
      },
    ]);
  });

  it('match custom resources of the policy in any scope', async () => {
    const document = policyDocument([{ match: { resources: ['widgets.example.com'] }, ...noLatest }]);
    const own = [{ resource: 'widgets.example.com', kind: 'Widget', images: [{ image: 'spec.image' }] }];
    const policy = await decodePolicy({ ...document, spec: { ...document.spec, customResources: own } });
    assert.deepEqual(linesOf(webhookRules(policy)), [...PODS, 'example.com/* widgets CREATE+UPDATE']);
    assert.equal(webhookRules(policy).at(-1)?.scope, '*');
    assert.deepEqual(unreadableResources(policy), []);
  });

  it('leave out custom resources whose images cannot be found, and list them', async () => {
    const policy = await policyOf({
      match: { resources: ['rollouts.argoproj.io', 'pods', 'apps.kruise.example.io'] },
      ...noLatest,
    });
    assert.deepEqual(linesOf(webhookRules(policy)), [...PODS, 'argoproj.io/* rollouts CREATE+UPDATE']);
    assert.deepEqual(unreadableResources(policy), ['apps.kruise.example.io']);
    assert.deepEqual(unreadableResources(NO_LATEST), []);
  });

  it('match no cluster-scoped kinds in a webhook for some namespaces, which would review them twice', () => {
    const rules = namespacedRules(webhookRules(NO_LATEST));
    assert.deepEqual([...new Set(rules.map(({ scope }) => scope))], ['Namespaced']);
    assert.ok(!linesOf(rules).some((line) => line.includes('clustertasks')));
    assert.ok(linesOf(rules).includes('tekton.dev/* tasks CREATE+UPDATE'));
  });
});
