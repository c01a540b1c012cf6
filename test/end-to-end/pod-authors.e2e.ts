import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from './support/eventually.ts';
import { latestRefused } from './support/objects.ts';
import { openPeopledCluster, type Person } from './support/people.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const badImage = 'registry.example.com/etcd:latest';

const n1: Person = { name: 'system:node:n1', groups: ['system:nodes'] };
const n2: Person = { name: 'system:node:n2', groups: ['system:nodes'] };
/** A certificate with the name of a node, without the group of nodes. */
const calledLikeNode: Person = { name: 'system:node:n1', groups: [] };
/** A certificate with the group of nodes, whose name is not the name of a node. */
const amongNodes: Person = { name: 'stranger', groups: ['system:nodes'] };
/** The common prefix of the names of nodes. */
const noNode: Person = { name: 'system:node:', groups: ['system:nodes'] };
const tenant: Person = { name: 'tenant', groups: ['tenants'] };

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`creators of pods, on ${version}`, () => {
    let nodeUid = '';
    const cluster = shared(async () => {
      const opened = await openPeopledCluster(version);
      const wired = await opened.bootstrap('--apply');
      assert.equal(wired.code, 0, wired.stdout + wired.stderr);
      for (const name of ['n1', 'n2'])
        assertAdmitted(
          await opened.controlPlane.kubectl(['create', '--filename=-'], {
            stdin: JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } }),
          }),
        );
      for (const name of ['tenant', 'stranger', 'system:node:', 'system:node:n1']) await opened.empower(name);
      nodeUid = (await opened.controlPlane.kubectl(['get', 'node/n1', '-o=jsonpath={.metadata.uid}'])).stdout;
      return opened;
    });
    const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
    const create = async (person: Person, pod: object): Promise<CommandResult> =>
      cluster().as(person, ['create', '--filename=-'], pod);
    /** The logged decision about an object. Waits for the log line. */
    const decisionsAbout = async (name: string): Promise<readonly unknown[]> =>
      eventually(`a decision about ${name}`, async () => {
        const lines = (await cluster().gate.decisions()).filter(({ object }) => object === name);
        return lines.length > 0 ? lines.map(({ outcome }) => outcome) : undefined;
      });
    const mirror = (
      name: string,
      changes: { readonly nodeName?: string; readonly image?: string } = {},
    ): object => {
      const { nodeName = 'n1', image = badImage } = changes;
      const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: nodeUid, controller: true };
      return podOf(name, image, {
        nodeName,
        owners: [owner],
        annotations: { 'kubernetes.io/config.mirror': 'a'.repeat(32) },
      });
    };

    scenario('A20 a node reports a static pod with a bad image, and the mirror pod is created', async () => {
      const created = await create(n1, mirror('etcd-n1'));
      assertAdmitted(created);
      assert.equal((await kubectl('get', 'pod/etcd-n1', '-o=jsonpath={.spec.nodeName}')).stdout, 'n1');
      // With match conditions the API server does not send the request. Without them the answer carries a warning.
      if (version === 'v1.24') assert.match(created.stderr, /^Warning: .*static pod/m);
      assertAdmitted(await kubectl('run', 'asked-after', '--image=nginx:1.27.3'));
      await decisionsAbout('Pod asked-after');
      const decisions = (await cluster().gate.decisions()).filter(({ object }) => object === 'Pod etcd-n1');
      assert.deepEqual(
        decisions.map(({ outcome, notices }) => [outcome, notices]),
        version === 'v1.24' ? [['admitted', ['MIRROR_POD']]] : [],
      );
    });

    scenario('A21 no other user is treated as a node, with any content of the pod', async () => {
      for (const person of [tenant, calledLikeNode, amongNodes])
        assertRefused(await create(person, mirror('forged')), refusal, latestRefused, badImage);
      // NodeRestriction runs before the gate. It refuses a node that creates pods of other nodes, or pods that are
      // not mirrors.
      for (const [person, pod] of [
        [n2, mirror('forged')],
        [noNode, mirror('forged')],
        [n1, mirror('forged', { nodeName: 'n2' })],
        [n1, podOf('forged', badImage, { nodeName: 'n1' })],
      ] as const)
        assertRefused(await create(person, pod), '(Forbidden)');
      assert.match((await kubectl('get', 'pod/forged')).stderr, /not found/);
    });

    scenario('A21 the annotation neither allows nor hides a change of a mirror pod', async () => {
      const set = await cluster().as(tenant, ['set', 'image', 'pod/etcd-n1', 'web=other:latest']);
      assertRefused(set, refusal, latestRefused);
      assertAdmitted(await cluster().as(tenant, ['label', 'pod/etcd-n1', 'team=web']));
      assertAdmitted(await create(tenant, mirror('good', { image: 'etcd:3.6.5' })));
      assertRefused(await cluster().as(tenant, ['set', 'image', 'pod/good', 'web=etcd']), refusal);
    });

    scenario('A29 an owner reference changes no verdict', async () => {
      for (const name of ['good', 'bystander'])
        assertAdmitted(await kubectl('create', 'deployment', name, '--image=nginx:1.27.3', '--replicas=0'));
      const uid = (await kubectl('get', 'deployment/good', '-o=jsonpath={.metadata.uid}')).stdout;
      const owner: Owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'good', uid, controller: true };
      for (const owners of [
        [owner],
        [{ ...owner, uid: '00000000-0000-4000-8000-000000000000' }],
        [{ ...owner, name: 'gone' }],
        [owner, { ...owner, name: 'bystander', controller: false }],
        [{ ...owner, kind: 'Node', apiVersion: 'v1', name: 'n1', uid: nodeUid }],
      ])
        assertRefused(await create(tenant, podOf('owned', badImage, { owners })), refusal, latestRefused);
      assertAdmitted(await create(tenant, podOf('owned', 'nginx:1.27.3', { owners: [owner] })));
    });

    scenario(
      'A34 a pod that has only generateName is refused as well, and the log contains this name',
      async () => {
        const generated = (image: string): object => podOf('', image, {}, { generateName: 'web-' });
        assertRefused(await create(tenant, generated(badImage)), refusal, latestRefused);
        const created = await create(tenant, generated('nginx:1.27.3'));
        assertAdmitted(created);
        const name = /^pod\/(web-\w{5}) created$/m.exec(created.stdout)?.[1] ?? '';
        assert.deepEqual(await decisionsAbout(`Pod ${name}`), ['admitted']);
        const lines = (await cluster().gate.decisions()).filter(({ object }) =>
          String(object).startsWith('Pod web-'),
        );
        assert.deepEqual(
          lines.map(({ outcome }) => outcome),
          ['refused', 'admitted'],
        );
      },
    );
  });
}

/** A pod with one container, and the annotations and owners that may exempt it. */
function podOf(
  name: string,
  image: string,
  marks: {
    readonly nodeName?: string;
    readonly owners?: readonly Owner[];
    readonly annotations?: Readonly<Record<string, string>>;
  },
  metadata: object = { name },
): object {
  const { nodeName, owners, annotations } = marks;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      ...(owners && { ownerReferences: owners }),
      ...(annotations && { annotations }),
    },
    spec: { ...(nodeName !== undefined && { nodeName }), containers: [{ name: 'web', image }] },
  };
}
