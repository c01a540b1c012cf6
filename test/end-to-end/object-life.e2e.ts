import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from './support/eventually.ts';
import { goodImage, oldImage, openLifeScene } from './support/object-life-scene.ts';
import { latestRefused } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, type Namespace } from './support/stage.ts';
import { container, everyWorkload, replicated } from './support/workload-objects.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const otherOldImage = 'registry.example.com/other:latest';

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`objects that are older than the gate, on ${version}`, () => {
    const scene = shared(async () => openLifeScene({ environment: process.env, version }));
    const inNamespace = (name: string): Namespace => scene().in(name);

    scenario(
      'A04 kubectl debug of an old pod is admitted or refused by the container that it adds',
      async () => {
        const kubectl = inNamespace('debugged');
        const debug = async (image: string, name: string) =>
          kubectl(['debug', 'pod/web', `--image=${image}`, `--container=${name}`]);
        const refused = await debug('busybox', 'first');
        assertRefused(refused, refusal, latestRefused, 'spec.ephemeralContainers[0].image');
        assert.ok(!refused.stderr.includes('spec.containers['), refused.stderr);
        assertAdmitted(await debug('busybox:1.36', 'first'));
        assertRefused(await debug('busybox', 'second'), refusal, 'spec.ephemeralContainers[1].image');
        assertAdmitted(await debug('busybox:1.36', 'second'));
      },
    );

    scenario('A32 labels, annotations, owners and finalizers of every kind can be changed', async () => {
      const kubectl = inNamespace('edited');
      assertAdmitted(await kubectl(['label', everyWorkload, '--all', 'team=web']));
      assertAdmitted(await kubectl(['annotate', everyWorkload, '--all', 'note=old']));
      const owner = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'owner',
        uid: await uidOfNewOwner(kubectl),
      };
      const names = (await kubectl(['get', everyWorkload, '-o=name'])).stdout.trim().split('\n');
      assert.ok(names.length >= 9, names.join());
      for (const name of names)
        for (const metadata of [
          { finalizers: ['example.com/held'] },
          { ownerReferences: [owner] },
          { finalizers: null, ownerReferences: null },
        ])
          assertAdmitted(
            await kubectl(['patch', name, '--type=merge', `--patch=${JSON.stringify({ metadata })}`]),
          );
    });

    scenario(
      'A08 A11 an image in an object of any kind can be changed to a good one, and not back',
      async () => {
        const kubectl = inNamespace('edited');
        for (const kind of [
          'pod',
          'replicationcontroller',
          'deployment',
          'statefulset',
          'daemonset',
          'cronjob',
        ]) {
          const set = async (image: string) => kubectl(['set', 'image', `${kind}/${kind}`, `web=${image}`]);
          assertRefused(await set(otherOldImage), refusal, latestRefused, otherOldImage);
          assertAdmitted(await set(goodImage));
          assertRefused(await set(oldImage), refusal, latestRefused, oldImage);
        }
      },
    );

    scenario('A33 every kind can be deleted', async () => {
      const kubectl = inNamespace('edited');
      assertAdmitted(await kubectl(['delete', everyWorkload, '--all', '--timeout=30s']));
      assert.equal((await kubectl(['get', everyWorkload, '-o=name'])).stdout, '');
    });

    scenario('A09 a new container of a pod is reviewed, and an old one is not', async () => {
      const kubectl = inNamespace('mixed');
      const set = async (image: string) => kubectl(['set', 'image', 'pod/web', `new=${image}`]);
      const refused = await set(otherOldImage);
      assertRefused(refused, refusal, 'spec.containers[1].image');
      assert.ok(!refused.stderr.includes('spec.containers[0]'), refused.stderr);
      assertAdmitted(await set('registry.example.com/web:1.28.0'));
      // The same two images in exchanged places.
      const swap = ['old=registry.example.com/web:1.28.0', `new=${oldImage}`];
      assertRefused(await kubectl(['set', 'image', 'pod/web', ...swap]), refusal, 'spec.containers[1].image');
    });

    scenario('rollout restart gets a warning, and the running pods stay', async () => {
      const kubectl = inNamespace('restarted');
      const restarted = await kubectl(['rollout', 'restart', 'deployment/web']);
      assertAdmitted(restarted);
      assert.match(restarted.stderr, /^Warning: .*is unchanged, but new pods with it will be refused/m);
      // The new template needs a new ReplicaSet, which is refused like any new object.
      const message = await condition(kubectl, 'Progressing', /ReplicaSetCreateError/);
      assert.ok(message.includes(refusal) && message.includes(latestRefused), message);
      assert.equal((await imagesOf(kubectl)).join(), oldImage);
      assert.equal((await kubectl(['get', 'replicasets', '-o=name'])).stdout.trim().split('\n').length, 1);

      assertAdmitted(await kubectl(['set', 'image', 'deployment/web', `web=${goodImage}`]));
      await eventually('a good pod runs beside the old one', async () =>
        (await imagesOf(kubectl)).join() === [goodImage, oldImage].join() ? true : undefined,
      );
    });

    scenario('scaling is admitted; the new pods are refused, and no old pod is deleted', async () => {
      const kubectl = inNamespace('scaled');
      for (const name of ['deployment/web', 'statefulset/db'])
        assertAdmitted(await kubectl(['scale', name, '--replicas=3']));
      const events = await eventually('both controllers are refused', async () => {
        const { stdout } = await kubectl([
          'get',
          'events',
          '-o=jsonpath={range .items[*]}{.involvedObject.kind} {.message}{"\\n"}{end}',
        ]);
        const refused = stdout.split('\n').filter((line) => line.includes(refusal));
        const kinds = new Set(refused.map((line) => line.split(' ')[0]));
        return kinds.has('ReplicaSet') && kinds.has('StatefulSet') ? refused : undefined;
      });
      assert.ok(
        events.every((line) => line.includes(latestRefused)),
        events.join('\n'),
      );
      assert.equal((await imagesOf(kubectl)).length, 4);
      for (const name of ['deployment/web', 'statefulset/db'])
        assertAdmitted(await kubectl(['scale', name, '--replicas=1']));
      await eventually('two pods are left', async () =>
        (await imagesOf(kubectl)).length === 2 ? true : undefined,
      );
    });

    scenario('A10 kubectl set image repairs a Deployment, and its rollout finishes', async () => {
      const kubectl = inNamespace('repaired');
      assertRefused(await kubectl(['set', 'image', 'deployment/web', `web=${otherOldImage}`]), refusal);
      const initContainers = [container('setup', oldImage)];
      const moved = JSON.stringify({ spec: { template: { spec: { initContainers } } } });
      assertRefused(
        await kubectl(['patch', 'deployment/web', '--type=merge', `--patch=${moved}`]),
        refusal,
        'spec.template.spec.initContainers[0].image',
      );
      assertAdmitted(await kubectl(['set', 'image', 'deployment/web', `web=${goodImage}`]));
      assertAdmitted(await kubectl(['set', 'image', 'pod/alone', `web=${goodImage}`]));
      await eventually('the new pod is there', async () =>
        (await imagesOf(kubectl)).filter((image) => image === goodImage).length === 2 ? true : undefined,
      );
      assertRefused(await kubectl(['rollout', 'undo', 'deployment/web']), refusal, latestRefused);
    });

    scenario('A22 an old pod can be evicted, and its node drained', async () => {
      const kubectl = inNamespace('drained');
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'evicted', namespace: 'drained' },
      };
      assertAdmitted(
        await kubectl(
          ['create', '--raw=/api/v1/namespaces/drained/pods/evicted/eviction', '--filename=-'],
          eviction,
        ),
      );
      assertAdmitted(await kubectl(['drain', 'n1', '--force', '--grace-period=0', '--timeout=30s']));
      assert.deepEqual(await imagesOf(kubectl), []);
    });

    scenario('A32 a controller adopts an old pod', async () => {
      const kubectl = inNamespace('adopted');
      const spec = { containers: [container('web', goodImage)] };
      assertAdmitted(await kubectl(['create', '--filename=-'], replicated('ReplicaSet', 'web', 1, spec)));
      await eventually('the pod has an owner', async () => {
        const { stdout } = await kubectl([
          'get',
          'pod/web',
          '-o=jsonpath={.metadata.ownerReferences[0].kind}',
        ]);
        return stdout === 'ReplicaSet' ? true : undefined;
      });
    });

    scenario(
      'A31 A32 the finalizer of an object that is being deleted can be removed, and a new bad image is refused',
      async () => {
        const kubectl = inNamespace('ended');
        assertAdmitted(await kubectl(['delete', 'pod/held', '--wait=false']));
        const { stdout } = await kubectl(['get', 'pod/held', '-o=jsonpath={.metadata.deletionTimestamp}']);
        assert.notEqual(stdout, '');
        assertRefused(await kubectl(['set', 'image', 'pod/held', `web=${otherOldImage}`]), refusal);
        assertAdmitted(await kubectl(['label', 'pod/held', 'ending=yes']));
        const patch = [{ op: 'remove', path: '/metadata/finalizers' }];
        assertAdmitted(
          await kubectl(['patch', 'pod/held', '--type=json', `--patch=${JSON.stringify(patch)}`]),
        );
        await gone(kubectl, 'pod/held');
      },
    );

    scenario('A33 dependents are deleted by the garbage collector, or orphaned', async () => {
      const kubectl = inNamespace('collected');
      assertAdmitted(await kubectl(['delete', 'deployment/orphaning', '--cascade=orphan']));
      assertAdmitted(await kubectl(['delete', 'deployment/web', '--cascade=foreground', '--timeout=30s']));
      await eventually('one ReplicaSet is left, without an owner', async () => {
        const { stdout } = await kubectl([
          'get',
          'replicasets',
          '-o=jsonpath={range .items[*]}{.metadata.labels.app}={.metadata.ownerReferences}{"\\n"}{end}',
        ]);
        return stdout === 'orphaning=\n' ? true : undefined;
      });
      assert.equal((await imagesOf(kubectl)).length, 1);
    });

    scenario('A33 a namespace with old objects can be deleted', async () => {
      assertAdmitted(await inNamespace('default')(['delete', 'namespace/deleted', '--timeout=60s']));
    });
  });
}

/** The images of a namespace's pods, in order. */
async function imagesOf(kubectl: Namespace): Promise<readonly string[]> {
  const { stdout } = await kubectl(['get', 'pods', '-o=jsonpath={.items[*].spec.containers[*].image}']);
  return stdout
    .split(' ')
    .filter((image) => image !== '')
    .toSorted();
}

async function uidOfNewOwner(kubectl: Namespace): Promise<string> {
  assertAdmitted(await kubectl(['create', 'configmap', 'owner']));
  return (await kubectl(['get', 'configmap/owner', '-o=jsonpath={.metadata.uid}'])).stdout;
}

/** The message of a Deployment's condition, once its status is the expected one. */
async function condition(kubectl: Namespace, type: string, expected: RegExp): Promise<string> {
  return eventually(`the condition ${type} of the Deployment is ${expected}`, async () => {
    const { stdout } = await kubectl([
      'get',
      'deployment/web',
      `-o=jsonpath={range .status.conditions[?(@.type=="${type}")]}{.reason}: {.message}{end}`,
    ]);
    return expected.test(stdout) ? stdout : undefined;
  });
}

async function gone(kubectl: Namespace, name: string): Promise<void> {
  await eventually(`${name} is gone`, async () =>
    /not found/.test((await kubectl(['get', name])).stderr) ? true : undefined,
  );
}
