import assert from 'node:assert/strict';
import test from 'node:test';
import { SHIPPED_KINDS } from './shipped-kinds.ts';

test('kinds that stand in no namespace are known as such: a webhook asks for them elsewhere', () => {
  const elsewhere = SHIPPED_KINDS.filter(({ scope }) => scope !== 'Namespaced');
  assert.deepEqual(elsewhere.map(({ resource, scope }) => `${scope} ${resource}`).toSorted(), [
    'Cluster clusteranalysistemplates.argoproj.io',
    'Cluster clusterservingruntimes.serving.kserve.io',
    'Cluster clustertasks.tekton.dev',
    'Cluster clustertrainingruntimes.trainer.kubeflow.org',
    'Cluster clusterworkflowtemplates.argoproj.io',
    'Cluster nodeimages.apps.kruise.io',
    'Cluster sidecarsets.apps.kruise.io',
  ]);
});
