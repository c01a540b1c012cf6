import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_LATEST, policyDocument, policyOf } from '#test/policies.ts';
import { decodePolicy } from '../policy/decode.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';
import { unreadableResources, webhookRules, type WebhookRule } from './rules.ts';

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
  it('are about every kind that holds images, and nothing else', () => {
    assert.deepEqual(linesOf(webhookRules(NO_LATEST)).toSorted(), [
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

  it('forget no kind of the table, whatever is added there', () => {
    const asked = new Set(
      webhookRules(NO_LATEST).flatMap(({ apiGroups, resources }) =>
        resources.map((resource) => (apiGroups[0] === '' ? resource : `${resource}.${apiGroups[0]}`)),
      ),
    );
    for (const { resource } of WORKLOAD_KINDS) assert.ok(asked.has(resource), resource);
  });

  it('name the version that is served today, and so one that is listed for the kind', () => {
    for (const { apiGroups, apiVersions, resources } of webhookRules(NO_LATEST)) {
      for (const plural of resources) {
        const resource = [plural.split('/')[0], ...apiGroups.filter(Boolean)].join('.');
        const served = WORKLOAD_KINDS.filter((row) => row.resource === resource).flatMap((row) => row.served);
        const version = [...apiGroups.filter(Boolean), ...apiVersions].join('/');
        assert.ok(served.includes(version), `${resource}: ${version}`);
        assert.ok(served.some((apiVersion) => groupOf(apiVersion) === apiGroups[0]));
      }
    }
  });

  it('are about what the policy names alone, when that is all that it could refuse', async () => {
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

  it('keep pods, which are what runs, and their ephemeral containers', async () => {
    const policy = await policyOf({ match: { resources: ['jobs.batch'] }, ...noLatest });
    assert.deepEqual(linesOf(webhookRules(policy)).slice(0, 2), PODS);
  });

  it('are about everything as soon as one rule is, or as an image that no rule selects is refused', async () => {
    const narrow = { match: { resources: ['pods'] }, ...noLatest };
    const everything = linesOf(webhookRules(NO_LATEST));
    assert.deepEqual(linesOf(webhookRules(await policyOf(narrow))), PODS);
    for (const wide of [
      noLatest,
      { match: { namespaces: ['a'] }, ...noLatest },
      { exclude: { resources: ['pods'] }, ...noLatest },
    ])
      assert.deepEqual(linesOf(webhookRules(await policyOf(narrow, wide))), everything);
    const strict = await decodePolicy(policyDocument([narrow], 'Deny'));
    assert.deepEqual(linesOf(webhookRules(strict)), everything);
  });

  it('leave out custom resources, which are told apart', async () => {
    const policy = await policyOf({
      match: { resources: ['rollouts.argoproj.io', 'pods', 'apps.kruise.example.io'] },
      ...noLatest,
    });
    assert.deepEqual(linesOf(webhookRules(policy)), PODS);
    assert.deepEqual(unreadableResources(policy), ['apps.kruise.example.io', 'rollouts.argoproj.io']);
    assert.deepEqual(unreadableResources(NO_LATEST), []);
  });
});
