import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { parseResource } from './resource.ts';
import { ParameterError } from './parameter-error.ts';

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
  services: KNOWN,
  'ingresses.networking': KNOWN,
  'rollouts.argoproj.io.v1alpha1': KNOWN,
  '*': KNOWN,
  '*.apps': KNOWN,
  '': KNOWN,
  'pods ': KNOWN,
};

describe('a resource in a policy', () => {
  for (const { resource } of WORKLOAD_KINDS) {
    it(`may be ${resource}`, () => assert.equal(parseResource(resource, []), resource));
  }
  for (const custom of [
    'rollouts.argoproj.io',
    'tasks.tekton.dev',
    'services.serving.knative.dev',
    'v1s.example.com',
  ]) {
    it(`may be ${custom}, of a group that is not Kubernetes' own`, () =>
      assert.equal(parseResource(custom, []), custom));
  }
  for (const [text, hint] of Object.entries(REFUSED)) {
    it(`is not ${JSON.stringify(text)}: ${hint.slice(0, 30)}`, () => {
      assert.throws(
        () => parseResource(text, ['match', 'resources', 0]),
        (error) =>
          error instanceof ParameterError &&
          error.hint === hint &&
          error.path.join('.') === 'match.resources.0',
      );
    });
  }
});
