import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SHIPPED_KINDS } from '../workload/custom/shipped-kinds.ts';
import { kindsIn, KNOWN_KINDS } from '../workload/kinds.ts';
import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { parseResource } from './resource.ts';
import { ParameterError } from './parameter-error.ts';

const FOUND = new Set(kindsIn(KNOWN_KINDS).map(({ resource }) => resource));

const KNOWN =
  'known: pods, podtemplates, replicationcontrollers, replicasets.apps, deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch, cronjobs.batch';

const REFUSED: Readonly<Record<string, string>> = {
  Pod: 'write pods',
  pod: 'write pods',
  PODS: 'write pods',
  'pods/ephemeralcontainers': 'write pods',
  'pods.v1': 'write pods',
  'pods.core': 'write pods',
  deployments: 'write deployments.apps',
  Deployments: 'write deployments.apps',
  Deployment: 'write deployments.apps',
  'deployment.apps': 'write deployments.apps',
  'deployments.extensions': 'write deployments.apps',
  'deployments.v1.apps': 'write deployments.apps',
  'deployments.apps.v1': 'write deployments.apps',
  'cronjobs.v1beta1.batch.example': 'write cronjobs.batch',
  'jobs.app': 'write jobs.batch',
  deploy: KNOWN,
  services: 'write services.serving.knative.dev',
  rollouts: 'write rollouts.argoproj.io',
  Rollout: 'write rollouts.argoproj.io',
  'rollouts.argoproj': 'write rollouts.argoproj.io',
  'rollout.argoproj.io': 'write rollouts.argoproj.io',
  'rolouts.argoproj.io': 'write rollouts.argoproj.io',
  'rollouts.argoporj.io': 'write rollouts.argoproj.io',
  'rolloutss.argoproj.io': 'write rollouts.argoproj.io',
  'tasks.tekton.dew': 'write tasks.tekton.dev',
  'ingresses.networking': KNOWN,
  'rollouts.argoproj.io.v1alpha1': 'write rollouts.argoproj.io',
  '*': KNOWN,
  '*.apps': KNOWN,
  '': KNOWN,
  'pods ': KNOWN,
};

describe('a resource in a policy', () => {
  for (const { resource } of [...WORKLOAD_KINDS, ...SHIPPED_KINDS]) {
    it(`may be ${resource}`, () => assert.equal(parseResource(resource, [], FOUND), resource));
  }
  for (const custom of [
    'applications.argoproj.io',
    'rollouts.example.com',
    'toolruns.tekton.dev',
    'v1s.example.com',
  ]) {
    it(`may be ${custom}, of a group that does not belong to Kubernetes`, () =>
      assert.equal(parseResource(custom, [], FOUND), custom));
  }
  for (const [text, hint] of Object.entries(REFUSED)) {
    it(`is not ${JSON.stringify(text)}: ${hint.slice(0, 30)}`, () => {
      assert.throws(
        () => parseResource(text, ['match', 'resources', 0], FOUND),
        (error) =>
          error instanceof ParameterError &&
          error.problems[0]?.hint === hint &&
          error.problems[0].path.join('.') === 'match.resources.0',
      );
    });
  }

  it('may be any custom resource of the policy, even if its name is similar to another name', () => {
    const known = new Set([...FOUND, 'rollout.argoproj.io']);
    assert.equal(parseResource('rollout.argoproj.io', [], known), 'rollout.argoproj.io');
  });
});
