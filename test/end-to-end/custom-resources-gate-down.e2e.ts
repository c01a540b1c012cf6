import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster, type WiredCluster } from './support/wired-cluster.ts';

const good = 'registry.example.com/web:1.27.3';
const bad = 'registry.example.com/web:latest';
const unanswered = 'failed calling webhook "images.kube-image-bouncer.io"';

/** The definition as Argo Workflows installs it: the status that a controller writes is part of the object itself. */
function definition(plural: string, kind: string, scope: 'Namespaced' | 'Cluster'): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.argoproj.io` },
    spec: {
      group: 'argoproj.io',
      scope,
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema, subresources: {} }],
    },
  };
}

function workflow(kind: string, name: string, image: string, namespace = 'default'): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind,
    metadata: { name, ...(kind === 'Workflow' && { namespace }) },
    spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image } }] },
  };
}

async function openCluster(version: KubernetesVersion): Promise<WiredCluster> {
  await using parts = new AsyncDisposableStack();
  const cluster = parts.use(await openWiredCluster({ environment: process.env, version }));
  const { kubectl } = cluster.controlPlane;
  const names = ['workflows.argoproj.io', 'clusterworkflowtemplates.argoproj.io'];
  const items = [
    definition('workflows', 'Workflow', 'Namespaced'),
    definition('clusterworkflowtemplates', 'ClusterWorkflowTemplate', 'Cluster'),
  ];
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  assertAdmitted(await kubectl(['create', '--filename=-'], { stdin }));
  const resources = names.map((name) => `customresourcedefinition/${name}`);
  assertAdmitted(await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...resources]));
  const wired = await cluster.bootstrap('--apply', '--yes');
  assert.equal(wired.code, 0, wired.stdout + wired.stderr);
  const owned = parts.move();
  return { ...cluster, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`custom resources while no gate runs, on ${version}`, () => {
    const cluster = shared(async () => openCluster(version));
    const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
    const create = async (object: object): Promise<CommandResult> =>
      cluster().controlPlane.kubectl(['create', '--filename=-'], { stdin: JSON.stringify(object) });
    const patch = async (name: string, change: object): Promise<CommandResult> =>
      kubectl('patch', name, '--type=merge', `--patch=${JSON.stringify(change)}`);

    scenario('exactly one webhook reviews cluster-scoped objects', async () => {
      assertAdmitted(await create(workflow('ClusterWorkflowTemplate', 'web', good)));
      const refused = await create(workflow('ClusterWorkflowTemplate', 'bad', bad));
      assertRefused(refused, latestRefused, 'spec.templates[0].container.image');
      assert.doesNotMatch(refused.stderr, /^Warning: /m, 'the webhook for kube-system is not called as well');
      assertAdmitted(await create(workflow('Workflow', 'web', good)));
      const warned = await create(workflow('Workflow', 'warned', bad, 'kube-system'));
      assertAdmitted(warned);
      assert.match(warned.stderr, /^Warning: /m, 'objects in kube-system get a warning');
    });

    scenario('a controller can write its status if the version has match conditions', async () => {
      await cluster().gate.stop();
      const status = await patch('workflow/web', { status: { phase: 'Running' } });
      const finalizers = await patch('workflow/web', { metadata: { finalizers: ['example.com/held'] } });
      for (const written of [status, finalizers])
        if (version === 'v1.24') assertRefused(written, unanswered);
        else assertAdmitted(written);
    });

    scenario('no image is admitted, and everything can be deleted', async () => {
      const templates = [{ name: 'main', container: { image: 'registry.example.com/web:1.27.4' } }];
      for (const name of ['workflow/web', 'clusterworkflowtemplate/web'])
        assertRefused(await patch(name, { spec: { templates } }), unanswered);
      assertRefused(await create(workflow('Workflow', 'late', good)), unanswered);
      if (version === 'v1.37')
        assertAdmitted(await patch('workflow/web', { metadata: { finalizers: null } }));
      assertAdmitted(await kubectl('delete', 'workflow/web', 'clusterworkflowtemplate/web', '--timeout=20s'));
    });
  });
}
