import assert from 'node:assert/strict';
import test from 'node:test';
import { findCustomImages } from './find-custom-images.ts';
import { SHIPPED_KINDS } from './shipped-kinds.ts';

test('cluster-scoped kinds have that scope, because a webhook needs another rule for them', () => {
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

test('A14 a bundle that a run names by a variable is judged by the name that is pulled', () => {
  const foundIn = (kind: string, spec: object) => {
    const known = SHIPPED_KINDS.find((one) => one.kind === kind);
    assert.ok(known !== undefined);
    const images = findCustomImages(known, { spec });
    assert.ok(images.kind === 'list');
    return [images.uses.map(({ image }) => image), images.placeholders.map(({ image }) => image)];
  };
  const paramsOf = (value: string) => ({ params: [{ name: 'bundle', value }] });
  const taskRef = { resolver: 'bundles', ...paramsOf('$(params.b)') };
  assert.deepEqual(foundIn('TaskRun', { taskRef }), [[], ['$(params.b)']]);
  assert.deepEqual(foundIn('ResolutionRequest', paramsOf('evil.example/b')), [['evil.example/b'], []]);
  assert.deepEqual(foundIn('ResolutionRequest', paramsOf('$(params.b)')), [['$(params.b)'], []]);
});
