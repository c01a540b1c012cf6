import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster } from './support/wired-cluster.ts';

const unanswered = 'failed calling webhook "images.kube-image-bouncer.io"';

/** A pod template so large that a costly expression would exceed its budget. */
const podSpec = {
  restartPolicy: 'Never',
  containers: [
    {
      name: 'web',
      image: 'nginx:1.17.1',
      env: Array.from({ length: 3000 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(80) })),
    },
  ],
};
const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
const running = { metadata: template.metadata, spec: { ...podSpec, restartPolicy: 'Always' } };
const selector = { matchLabels: { app: 'web' } };

/** One object of every kind that the API server sends to the gate. */
const objects: readonly {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}[] = [
  { apiVersion: 'v1', kind: 'Pod', spec: podSpec },
  { apiVersion: 'v1', kind: 'PodTemplate', template },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    spec: { replicas: 0, selector: { app: 'web' }, template: running },
  },
  { apiVersion: 'apps/v1', kind: 'Deployment', spec: { selector, template: running } },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', spec: { selector, template: running } },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { selector, template: running } },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { serviceName: 'web', selector, template: running } },
  { apiVersion: 'batch/v1', kind: 'Job', spec: { template } },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
  },
];

/** The mirror of a static pod of a node. */
function mirrorOn(nodeName: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'mirror', namespace: 'default', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: { nodeName, containers: [{ name: 'web', image: 'nginx:1.17.1' }] },
  };
}

describe('a gate that no longer runs, wired by bootstrap webhook', () => {
  const cluster = shared(async () => openWiredCluster({ environment: process.env, version: 'v1.37' }));
  const kubectl = async (...args: string[]): Promise<CommandResult> => cluster().controlPlane.kubectl(args);
  const create = async (object: object, ...args: string[]): Promise<CommandResult> =>
    cluster().controlPlane.kubectl(['create', '--filename=-', ...args], { stdin: JSON.stringify(object) });

  scenario('does not block the removal of a finalizer, scaling, or deletion', async () => {
    for (const object of objects) assertAdmitted(await create({ ...object, metadata: { name: 'web' } }));
    const wired = await cluster().bootstrap('--apply');
    assert.equal(wired.code, 0, wired.stdout);
    await cluster().gate.stop();
    for (const { kind } of objects) {
      const name = `${kind.toLowerCase()}/web`;
      for (const finalizers of ['["example.com/held"]', 'null']) {
        const patch = `--patch={"metadata":{"finalizers":${finalizers}}}`;
        assertAdmitted(await kubectl('patch', name, '--type=merge', patch));
      }
    }
    assertAdmitted(await kubectl('scale', 'deployment/web', '--replicas=0'));
  });

  scenario('admits no image, neither in a new object nor in a changed one', async () => {
    assertRefused(await kubectl('run', 'late', '--image=nginx:1.17.1'), unanswered);
    assertRefused(await kubectl('set', 'image', 'pod/web', 'web=nginx:1.17.2'), unanswered);
    const debug = await kubectl('debug', 'pod/web', '--image=busybox:1.36', '--container=debugger');
    assertRefused(debug, unanswered);
    for (const [name, path] of [
      ['deployment/web', '/spec/template'],
      ['podtemplate/web', '/template'],
      ['cronjob/web', '/spec/jobTemplate/spec/template'],
    ]) {
      const change = { op: 'replace', path: `${path}/spec/containers/0/image`, value: 'nginx:1.17.2' };
      const patch = `--patch=${JSON.stringify([change])}`;
      assertRefused(await kubectl('patch', name ?? '', '--type=json', patch), unanswered);
    }
  });

  scenario(
    'E08 lets a node report its static pods, and refuses users who have only the name or only the group of a node',
    async () => {
      const as = (user: string, ...groups: string[]): string[] => [
        '--dry-run=server',
        `--as=${user}`,
        ...['system:masters', ...groups].map((group) => `--as-group=${group}`),
      ];
      assertAdmitted(await create(mirrorOn('n1'), ...as('system:node:n1', 'system:nodes')));
      for (const [nodeName, ...impersonation] of [
        ['n2', ...as('system:node:n1', 'system:nodes')],
        ['n1', ...as('system:node:n1')],
        ['n1', ...as('stranger', 'system:nodes')],
      ] as const)
        assertRefused(await create(mirrorOn(nodeName), ...impersonation), unanswered);
    },
  );

  scenario('without the wiring nothing is refused, although no gate answers', async () => {
    assert.equal((await cluster().bootstrap('--delete')).code, 0);
    const { code, stdout } = await cluster().bootstrap('--apply');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^not wired: at stage warn a pod with a forbidden image is admitted, not warned about/m,
    );
    assert.match((await kubectl('get', 'validatingwebhookconfigurations', '-o=name')).stdout, /^$/);
    assertAdmitted(await kubectl('run', 'free', '--image=nginx'));
  });
});
