import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { definitionOf, type InstalledResource } from './support/custom-resource-definitions.ts';
import { eventually } from './support/eventually.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster, type WiredCluster } from './support/wired-cluster.ts';
import { container, listOf, type PodSpec } from './support/workload-objects.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const bad = 'registry.example.com/web:latest';
const otherBad = 'registry.example.com/other:latest';
const good = 'registry.example.com/web:1.27.3';

/** A built-in kind, a kind from the policy, and an unknown kind. */
const rollouts: InstalledResource = {
  resource: 'rollouts.argoproj.io',
  kind: 'Rollout',
  versions: ['v1alpha1'],
};
const pipelines: InstalledResource = {
  resource: 'pipelines.example.com',
  kind: 'Pipeline',
  versions: ['v1beta1', 'v1'],
};
const gadgets: InstalledResource = { resource: 'gadgets.example.com', kind: 'Gadget', versions: ['v1'] };

const policy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: e2e}
spec:
  unmatchedImages: Allow
  customResources:
  - resource: pipelines.example.com
    kind: Pipeline
    images:
    - podSpec: spec.runner.spec
    - image: spec.steps[*].image
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
    message: ${latestRefused}
`;

function rollout(name: string, spec: PodSpec): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
}

function pipeline(name: string, images: readonly unknown[], version = 'v1'): object {
  return {
    apiVersion: `example.com/${version}`,
    kind: 'Pipeline',
    metadata: { name },
    spec: {
      replicas: 1,
      runner: { spec: { containers: [container('runner', good)] } },
      steps: images.map((image, index) => ({ name: `step-${index}`, image })),
    },
  };
}

function gadget(name: string, image: string): object {
  return { apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name }, spec: { deep: { image } } };
}

async function openCluster(version: KubernetesVersion): Promise<WiredCluster> {
  await using parts = new AsyncDisposableStack();
  const cluster = parts.use(await openWiredCluster({ environment: process.env, version, gate: { policy } }));
  const { kubectl, folder } = cluster.controlPlane;
  const installed = [rollouts, pipelines, gadgets];
  assertAdmitted(await kubectl(['create', '--filename=-'], { stdin: listOf(installed.map(definitionOf)) }));
  const names = installed.map(({ resource }) => `customresourcedefinition/${resource}`);
  assertAdmitted(await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...names]));
  const old = [rollout('old', { containers: [container('web', bad)] }), pipeline('old', [bad, good])];
  assertAdmitted(await kubectl(['create', '--filename=-'], { stdin: listOf(old) }));
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, policy);
  const wired = await cluster.bootstrap('--apply', '--yes', `--policy=${policyFile}`);
  assert.equal(wired.code, 0, wired.stdout + wired.stderr);
  const owned = parts.move();
  return { ...cluster, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`custom resources on ${version}`, () => {
    const cluster = shared(async () => openCluster(version));
    const kubectl = async (args: readonly string[], object?: object): Promise<CommandResult> =>
      cluster().controlPlane.kubectl(args, object === undefined ? {} : { stdin: JSON.stringify(object) });
    const patch = async (name: string, change: object, ...args: string[]): Promise<CommandResult> =>
      kubectl(['patch', name, '--type=merge', `--patch=${JSON.stringify(change)}`, ...args]);

    scenario('a good object is created, and a bad one is refused with the field of its image', async () => {
      const spec = { initContainers: [container('setup', good)], containers: [container('web', good)] };
      for (const object of [rollout('web', spec), pipeline('web', [good, good], 'v1beta1')])
        for (const args of [['create'], ['apply', '--server-side', '--force-conflicts']])
          assertAdmitted(await kubectl([...args, '--filename=-'], object));
      const badSpec = { ...spec, initContainers: [container('setup', bad)] };
      for (const [object, field] of [
        [rollout('bad', badSpec), 'spec.template.spec.initContainers[0].image'],
        [pipeline('bad', [good, bad]), 'spec.steps[1].image'],
        [pipeline('bad', [good, good, bad], 'v1beta1'), 'spec.steps[2].image'],
      ] as const)
        for (const args of [['create'], ['apply', '--server-side'], ['create', '--dry-run=server']])
          assertRefused(await kubectl([...args, '--filename=-'], object), refusal, latestRefused, bad, field);
      const names = await kubectl(['get', 'rollouts,pipelines', '-o=name']);
      assert.deepEqual(names.stdout.match(/\/(\w+)$/gm), ['/old', '/web', '/old', '/web'], names.stdout);
    });

    scenario('an image can be changed only to a good one', async () => {
      const change = (image: string): object => ({
        spec: { template: { spec: { containers: [container('web', image)] } } },
      });
      assertRefused(await patch('rollout/web', change(otherBad)), refusal, otherBad);
      assertAdmitted(await patch('rollout/web', change('registry.example.com/web:1.28.0')));
      const step = (image: string): object => ({ spec: { steps: [{ name: 'step-0', image }] } });
      assertRefused(await patch('pipeline/web', step(otherBad)), refusal, 'spec.steps[0].image');
      assertAdmitted(await patch('pipeline/web', step('registry.example.com/web:1.28.0')));
    });

    scenario('A32 an object that is older than the policy can keep its bad image', async () => {
      for (const name of ['rollout/old', 'pipeline/old']) {
        assertAdmitted(await kubectl(['label', name, 'team=web']));
        assertAdmitted(await patch(name, { metadata: { finalizers: ['example.com/held'] } }));
        assertAdmitted(await kubectl(['scale', name, '--replicas=3']));
        assertAdmitted(await patch(name, { status: { replicas: 3 } }, '--subresource=status'));
        // Other fields may change as well, with a warning.
        const warned = await patch(name, { spec: { paused: true } });
        assertAdmitted(warned);
        assert.match(warned.stderr, /^Warning: .*is unchanged, but new pods with it will be refused/m);
      }
      const moved = {
        spec: {
          steps: [
            { name: 'step-0', image: good },
            { name: 'step-1', image: bad },
          ],
        },
      };
      assertRefused(await patch('pipeline/old', moved), refusal, 'spec.steps[1].image');
      for (const name of ['rollout/old', 'pipeline/old']) {
        assertAdmitted(await kubectl(['delete', name, '--wait=false']));
        assertAdmitted(await patch(name, { metadata: { finalizers: null } }));
        assert.match((await kubectl(['get', name])).stderr, /not found/);
      }
    });

    scenario('A14 a value that is not a string in place of an image is refused with its field', async () => {
      for (const image of [7, { name: good }, [good], true])
        assertRefused(
          await kubectl(['create', '--filename=-'], pipeline('odd', [good, image])),
          refusal,
          'spec.steps[1].image',
        );
      const many = Array.from({ length: 501 }, (_, index) => `registry.example.com/web:1.${index}`);
      assertRefused(await kubectl(['create', '--filename=-'], pipeline('odd', many)), refusal, '500');
      // A step without an image is allowed.
      assertAdmitted(await kubectl(['create', '--filename=-'], pipeline('without', [undefined, good])));
    });

    scenario('A13 an unknown kind is admitted, and its pod is refused', async () => {
      for (const [name, image] of [
        ['good', good],
        ['bad', bad],
      ] as const)
        assertAdmitted(await kubectl(['create', '--filename=-'], gadget(name, image)));
      assertAdmitted(await control(kubectl, 'good'));
      assertRefused(await control(kubectl, 'bad'), refusal, latestRefused, bad);
      const pods = await kubectl(['get', 'pods', '--selector=gadget', '-o=name']);
      assert.equal(pods.stdout, 'pod/good\n');
      const logged = await eventually('the pods are in the log', async () => {
        const resources = (await cluster().gate.decisions()).map(({ resource }) => resource);
        return resources.slice(-2).join() === 'pods,pods' ? resources : undefined;
      });
      assert.ok(!logged.includes('gadgets.example.com'), logged.join());
    });
  });
}

/** Does the work of a controller of Gadgets: creates a pod with the image of the Gadget, owned by the Gadget. */
async function control(
  kubectl: (args: readonly string[], object?: object) => Promise<CommandResult>,
  name: string,
): Promise<CommandResult> {
  const { stdout } = await kubectl(['get', `gadget/${name}`, '-o=json']);
  const { metadata, spec } = JSON.parse(stdout) as {
    readonly metadata: { readonly uid: string };
    readonly spec: { readonly deep: { readonly image: string } };
  };
  const owner = { apiVersion: 'example.com/v1', kind: 'Gadget', name, uid: metadata.uid, controller: true };
  return kubectl(['create', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { gadget: name }, ownerReferences: [owner] },
    spec: { containers: [container('web', spec.deep.image)] },
  });
}
