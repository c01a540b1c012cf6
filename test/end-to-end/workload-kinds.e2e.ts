import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { openWiredCluster } from './support/wired-cluster.ts';
import {
  container,
  everyWorkload,
  imageVolume,
  listOf,
  replicated,
  workloadRows,
  type PodSpec,
  type WorkloadRow,
} from './support/workload-objects.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';
const good = container('web', 'registry.example.com/web:1.27.3');

/** A bad image at one place of a pod spec, and the text of its refusal. */
interface BadPlace {
  readonly what: string;
  readonly spec: (image: string) => PodSpec;
  readonly field: string;
  readonly holder: string;
}

const places: readonly BadPlace[] = [
  {
    what: 'container',
    spec: (image) => ({ containers: [good, container('second', image)] }),
    field: 'containers[1].image',
    holder: 'second',
  },
  {
    what: 'init-container',
    spec: (image) => ({ initContainers: [container('setup', image)], containers: [good] }),
    field: 'initContainers[0].image',
    holder: 'setup',
  },
];

/** Fields that 1.24 does not know. It drops them before it calls the gate. */
const newerPlaces: readonly BadPlace[] = [
  {
    what: 'sidecar',
    spec: (image) => ({
      initContainers: [container('proxy', image, { restartPolicy: 'Always' })],
      containers: [good],
    }),
    field: 'initContainers[0].image',
    holder: 'proxy',
  },
  {
    what: 'image-volume',
    spec: (image) => ({ containers: [good], volumes: [imageVolume('data', image)] }),
    field: 'volumes[0].image.reference',
    holder: 'data',
  },
];

const goodSpec = {
  initContainers: [container('setup', 'registry.example.com/setup:2'), container('warm', 'setup:v2')],
  containers: [good, container('second', 'registry.example.com/second@sha256:'.concat('a'.repeat(64)))],
};

const nameOf = ({ apiVersion, kind }: WorkloadRow, what: string): string =>
  `${what}-${kind}-${apiVersion.replace('/', '-')}`.toLowerCase();

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`every kind of workload on ${version}`, () => {
    const cluster = shared(async () => {
      const opened = await openWiredCluster({ environment: process.env, version });
      const { code, stdout, stderr } = await opened.bootstrap('--apply');
      assert.equal(code, 0, stdout + stderr);
      return opened;
    });
    const kubectl = async (args: readonly string[], stdin?: string): Promise<CommandResult> =>
      cluster().controlPlane.kubectl(args, stdin === undefined ? {} : { stdin });
    const rows = workloadRows(version);
    const known = version === 'v1.24' ? places : [...places, ...newerPlaces];
    const stored = async (): Promise<string> => (await kubectl(['get', everyWorkload, '-o=name'])).stdout;

    for (const [verb, ...args] of [
      ['apply'],
      ['apply', '--server-side'],
      ['apply', '--dry-run=server'],
      ['create'],
    ] as const) {
      const command = [verb, ...args].join(' ');
      scenario(
        `A01 A07 A11 A12 A37 kubectl ${command} of a bad image in any list names its field`,
        async () => {
          const bad = rows.flatMap((row) =>
            known.map(({ what, spec, field, holder }) => ({
              what,
              spec,
              field,
              holder,
              row,
              image: `registry.example.com/${nameOf(row, what)}:latest`,
            })),
          );
          const items = bad.map(({ row, spec, what, image }) => row.make(nameOf(row, what), spec(image)));
          const before = await stored();
          const refused = await kubectl([verb, '--filename=-', ...args], listOf(items));
          assert.equal(refused.code, 1, refused.stdout);
          const lines = refused.stderr.split('\n').filter((line) => line.includes(refusal));
          assert.equal(lines.length, bad.length, refused.stderr);
          for (const { row, field, holder, image } of bad) {
            const line = lines.find((one) => one.includes(image)) ?? '';
            for (const text of ['(Forbidden)', latestRefused, `${row.path}.${field} `, `"${holder}"`])
              assert.ok(line.includes(text), `${text} is missing for ${image} in\n${refused.stderr}`);
          }
          assert.equal(await stored(), before);
        },
      );
    }

    scenario('A11 A12 good objects of every kind are created, and applied again', async () => {
      const objects = listOf(rows.map((row) => row.make(nameOf(row, 'good'), goodSpec)));
      const created = await kubectl(['apply', '--filename=-'], objects);
      assertAdmitted(created);
      assert.equal(created.stdout.match(/ created$/gm)?.length, rows.length, created.stdout);
      assertAdmitted(await kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], objects));
      assertAdmitted(await kubectl(['apply', '--dry-run=server', '--filename=-'], objects));
      assert.doesNotMatch(created.stderr, /Warning: .*(latest|image)/);
    });

    if (version === 'v1.24')
      scenario('A07 1.24 drops an image volume from the pod', async () => {
        const pod = {
          containers: [good],
          volumes: [imageVolume('data', 'registry.example.com/data:latest')],
        };
        const made = rows[0]?.make('image-volume', pod);
        assertAdmitted(await kubectl(['create', '--validate=false', '--filename=-'], JSON.stringify(made)));
        const volume = await kubectl(['get', 'pod/image-volume', '-o=jsonpath={.spec.volumes[0]}']);
        assert.doesNotMatch(volume.stdout, /latest/);
      });

    scenario('A17 A18 A19 a text that no runtime can read is refused, and shown escaped', async () => {
      const [pod, , , , deployment] = rows;
      assert.ok(pod?.kind === 'Pod' && deployment?.kind === 'Deployment');
      for (const image of [' nginx:1.27.3', 'nginx:1.27.3\n', 'nginx\n:1.27.3', 'Nginx:1', 'nginx:1.27.3 ']) {
        const made = deployment.make('unreadable', { containers: [container('web', image)] });
        const refused = await kubectl(['create', '--filename=-'], JSON.stringify(made));
        assertRefused(refused, refusal, 'spec.template.spec.containers[0].image');
        assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
      }
      const inPod = pod.make('unreadable', { containers: [container('web', 'nginx\n:1.27.3')] });
      assertRefused(
        await kubectl(['create', '--filename=-'], JSON.stringify(inPod)),
        refusal,
        'containers[0]',
      );
    });

    for (const kind of ['Deployment', 'Pod'] as const)
      scenario(
        `A08 kubectl changes the image of a ${kind} in ten ways, and the gate reviews each of them`,
        async () => {
          const name = `${kind.toLowerCase()}/changed`;
          const manifest = (image: string): string => changedManifest(kind, image);
          assertAdmitted(await kubectl(['apply', '--filename=-'], manifest('changed:0')));
          const stored = async (): Promise<string> =>
            (await kubectl(['get', name, '-o=jsonpath={..containers[0].image}'])).stdout;
          for (const [index, [way, change]] of waysOf(kind, name).entries()) {
            const before = await stored();
            const [badArgs, badOptions] = change('changed:latest');
            const refused = await cluster().controlPlane.kubectl(badArgs, badOptions);
            assertRefused(refused, latestRefused, 'containers[0].image');
            assert.equal(await stored(), before, way);
            const [goodArgs, goodOptions] = change(`changed:${index + 1}`);
            assertAdmitted(await cluster().controlPlane.kubectl(goodArgs, goodOptions));
            assert.equal(
              await stored(),
              goodArgs.includes('--dry-run=server') ? before : `changed:${index + 1}`,
              way,
            );
          }
        },
      );

    scenario(
      'A32 A33 objects that a stricter policy forbids can be changed, scaled and deleted',
      async () => {
        await cluster().gate.restart({ policy: digestPolicy });
        const late = rows.map((row) => row.make(nameOf(row, 'late'), { containers: [good] }));
        const refused = await kubectl(['create', '--filename=-'], listOf(late));
        assert.equal(refused.stderr.match(/denied the request: /g)?.length, rows.length, refused.stderr);
        assertAdmitted(await kubectl(['label', everyWorkload, '--all', 'team=web']));
        assertAdmitted(
          await kubectl([
            'scale',
            'deployment,statefulset,replicaset,replicationcontroller',
            '--all',
            '--replicas=2',
          ]),
        );
        assertRefused(await kubectl(['set', 'image', 'deployment/changed', 'web=changed:99']), refusal);
        const finalizers = '--patch={"metadata":{"finalizers":["example.com/held"]}}';
        assertAdmitted(await kubectl(['patch', 'deployment/changed', '--type=merge', finalizers]));
        assertAdmitted(await kubectl(['delete', everyWorkload, '--all', '--wait=false']));
        const none = '--patch={"metadata":{"finalizers":null}}';
        assertAdmitted(await kubectl(['patch', 'deployment/changed', '--type=merge', none]));
        assert.equal(await stored(), '');
      },
    );
  });
}

const digestPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: digests}
spec:
  unmatchedImages: Allow
  rules:
  - name: pinned
    requiredDigest: {}
`;

type Options = { readonly stdin?: string; readonly environment?: Readonly<Record<string, string>> };
type Change = (image: string) => readonly [readonly string[], Options?];

/** Only the image of a pod can be changed. If the pull policy is not set, it depends on the tag. */
function changedContainer(image: string): object {
  return container('web', image, { imagePullPolicy: 'IfNotPresent' });
}

function changedManifest(kind: 'Deployment' | 'Pod', image: string): string {
  const spec = { containers: [changedContainer(image)] };
  const fields = replicated('Deployment', 'changed', 0, spec);
  return JSON.stringify(
    kind === 'Deployment' ? fields : { apiVersion: 'v1', kind, metadata: { name: 'changed' }, spec },
  );
}

/** All ways in which kubectl changes the image of an existing object. */
function waysOf(kind: 'Deployment' | 'Pod', name: string): readonly (readonly [string, Change])[] {
  const path = kind === 'Pod' ? '/spec/containers/0/image' : '/spec/template/spec/containers/0/image';
  const wrap = (spec: object): object => (kind === 'Pod' ? { spec } : { spec: { template: { spec } } });
  const merged = (image: string): string => JSON.stringify(wrap({ containers: [changedContainer(image)] }));
  const fromManifest =
    (...args: string[]): Change =>
    (image) => [[...args, '--filename=-'], { stdin: changedManifest(kind, image) }];
  return [
    ['replace', fromManifest('replace')],
    ['apply', fromManifest('apply')],
    ['server-side apply', fromManifest('apply', '--server-side', '--force-conflicts')],
    [
      'server-side apply of a dry run',
      fromManifest('apply', '--server-side', '--force-conflicts', '--dry-run=server'),
    ],
    ['replace --dry-run', fromManifest('replace', '--dry-run=server')],
    ['strategic patch', (image) => [['patch', name, `--patch=${merged(image)}`]]],
    ['merge patch', (image) => [['patch', name, '--type=merge', `--patch=${merged(image)}`]]],
    [
      'JSON patch',
      (image) => [
        ['patch', name, '--type=json', `--patch=${JSON.stringify([{ op: 'replace', path, value: image }])}`],
      ],
    ],
    ['set image', (image) => [['set', 'image', name, `web=${image}`]]],
    [
      'edit',
      (image) => [
        ['edit', name],
        { environment: { KUBE_EDITOR: `sed -i -E 's/image: changed:[a-z0-9]+/image: ${image}/'` } },
      ],
    ],
  ];
}
