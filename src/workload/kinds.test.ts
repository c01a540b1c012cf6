import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, podSpec, workload } from '#test/pods.ts';
import { judge, summarise } from '#test/verdicts.ts';
import { BUILT_IN_KINDS, findWorkloadKind, groupOf, isListOfKind, WORKLOAD_KINDS } from './kinds.ts';

/** Kind, path of its `PodSpec`, its name in policies, each version that ever served it. */
const TABLE: readonly (readonly [kind: string, path: string, resource: string, ...served: string[]])[] = [
  ['Pod', 'spec', 'pods', 'v1'],
  ['PodTemplate', 'template.spec', 'podtemplates', 'v1'],
  ['ReplicationController', 'spec.template.spec', 'replicationcontrollers', 'v1'],
  ['ReplicaSet', 'spec.template.spec', 'replicasets.apps', 'apps/v1', 'apps/v1beta2', 'extensions/v1beta1'],
  [
    'Deployment',
    'spec.template.spec',
    'deployments.apps',
    'apps/v1',
    'apps/v1beta2',
    'apps/v1beta1',
    'extensions/v1beta1',
  ],
  ['StatefulSet', 'spec.template.spec', 'statefulsets.apps', 'apps/v1', 'apps/v1beta2', 'apps/v1beta1'],
  ['DaemonSet', 'spec.template.spec', 'daemonsets.apps', 'apps/v1', 'apps/v1beta2', 'extensions/v1beta1'],
  ['Job', 'spec.template.spec', 'jobs.batch', 'batch/v1', 'batch/v2alpha1', 'extensions/v1beta1'],
  [
    'CronJob',
    'spec.jobTemplate.spec.template.spec',
    'cronjobs.batch',
    'batch/v1',
    'batch/v1beta1',
    'batch/v2alpha1',
  ],
  ['ScheduledJob', 'spec.jobTemplate.spec.template.spec', 'cronjobs.batch', 'batch/v2alpha1'],
];

const SERVED = TABLE.flatMap(([kind, path, resource, ...served]) =>
  served.map((apiVersion) => ({ kind, path, resource, apiVersion })),
);

/** The field of a bad image in a `PodSpec`, and the container that a denial names. */
const PLACES = [
  [{ containers: { web: BAD } }, 'containers[0].image', 'web'],
  [{ containers: { web: GOOD, side: BAD } }, 'containers[1].image', 'side'],
  [{ initContainers: { first: BAD } }, 'initContainers[0].image', 'first'],
  [{ ephemeralContainers: { debug: BAD } }, 'ephemeralContainers[0].image', 'debug'],
  [{ volumes: { data: BAD } }, 'volumes[0].image.reference', 'data'],
] as const;

describe('A11 a bad image is refused in each kind of workload, in each version that ever served it', () => {
  for (const { kind, path, apiVersion } of SERVED) {
    it(`${apiVersion} ${kind} has its images below ${path}`, () => {
      for (const [images, place, container] of PLACES) {
        const object = workload(apiVersion, kind, path, podSpec(images));
        const expected = ['refused', `DISALLOWED_TAG ${path}.${place} ${container}`];
        assert.deepEqual(summarise(judge({ object })), expected);
      }
    });

    it(`${apiVersion} ${kind} with only good images is admitted without warnings`, () => {
      const images = {
        containers: { web: GOOD },
        initContainers: { first: GOOD },
        ephemeralContainers: { debug: GOOD },
        volumes: { data: GOOD },
      };
      const decision = judge({ object: workload(apiVersion, kind, path, podSpec(images)) });
      assert.deepEqual([summarise(decision), decision.notices], [['admitted'], []]);
      assert.equal(decision.uses.length, 4, 'every image was judged');
    });

    it(`${apiVersion} ${kind} without a PodSpec is refused`, () => {
      const parent = path.split('.').slice(0, -1).join('.');
      const [outcome, violation = ''] = summarise(
        judge({ object: workload(apiVersion, kind, parent, parent === '' ? {} : { other: 1 }) }),
      );
      assert.deepEqual([outcome, violation], ['refused', `MALFORMED_OBJECT ${path} is not an object`]);
    });
  }
});

describe('the table of kinds', () => {
  it('has each kind, version and resource, and no other', () => {
    const rows = WORKLOAD_KINDS.flatMap(({ kind, podSpec, resource, served }) =>
      served.map((apiVersion) => ({ kind, path: podSpec.join('.'), resource, apiVersion })),
    );
    const ephemeral = { kind: 'EphemeralContainers', path: '', resource: 'pods', apiVersion: 'v1' };
    const sorted = (list: readonly object[]): string[] => list.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(sorted(rows), sorted([...SERVED, ephemeral]));
  });

  it('contains a kind also in a future version', () => {
    for (const apiVersion of ['apps/v2', 'apps/v3alpha1']) {
      const object = workload(apiVersion, 'Deployment', 'spec.template.spec', podSpec(PLACES[0][0]));
      const expected = ['refused', 'DISALLOWED_TAG spec.template.spec.containers[0].image web'];
      assert.deepEqual(summarise(judge({ object })), expected);
    }
  });

  it('does not contain a kind of the same name in another group', () => {
    for (const [group, kind] of [
      ['apps.kruise.io', 'StatefulSet'],
      ['', 'Deployment'],
      ['apps', 'Pod'],
      ['apps', 'deployment'],
      ['batch', 'constructor'],
      ['__proto__', 'Pod'],
    ] as const) {
      assert.equal(findWorkloadKind(group, kind), undefined, `${group}/${kind}`);
    }
  });

  it('marks all kinds except pods and ephemeral containers as templates', () => {
    const real = WORKLOAD_KINDS.filter(({ template }) => !template).map(({ kind }) => kind);
    assert.deepEqual(real, ['Pod', 'EphemeralContainers']);
  });

  it('distinguishes lists of covered kinds from other kinds that end in List', () => {
    const lists = [
      ['', 'List'],
      ['', 'PodList'],
      ['apps', 'DeploymentList'],
      ['batch', 'CronJobList'],
    ] as const;
    const others = [
      ['', 'ConfigMapList'],
      ['apps', 'List'],
      ['example.com', 'AllowList'],
      ['', 'Pod'],
    ] as const;
    for (const [group, kind] of lists) assert.ok(isListOfKind(BUILT_IN_KINDS, group, kind), kind);
    for (const [group, kind] of others) assert.ok(!isListOfKind(BUILT_IN_KINDS, group, kind), kind);
  });

  it('reads the group of an apiVersion', () => {
    assert.deepEqual(['v1', 'apps/v1', 'a.b/v1/x', ''].map(groupOf), ['', 'apps', 'a.b', '']);
  });
});
