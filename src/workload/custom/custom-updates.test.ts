import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, NAMESPACE, podSpec, workload } from '#test/pods.ts';
import { judge, summarise } from '#test/verdicts.ts';

const OTHER_BAD = 'registry.example.com/team/other:latest';

function task(...steps: readonly (readonly [name: string | undefined, image: string])[]) {
  return workload('tekton.dev/v1', 'Task', 'spec', {
    steps: steps.map(([name, image]) => ({ name, image })),
  });
}

/** The result of an update of a custom resource, and its notices. */
function update(before: ReturnType<typeof task>, after: ReturnType<typeof task>): readonly string[] {
  const decision = judge({ object: after, oldObject: before });
  return [
    ...summarise(decision),
    ...decision.notices.map(({ code, use }) => `${code} ${use?.container ?? '-'}`),
  ];
}

describe('an update of a custom resource is judged by what it changes', () => {
  it('A08 an unchanged bad image gives a notice, a new one is refused', () => {
    const before = task(['a', BAD], ['b', GOOD]);
    assert.deepEqual(update(before, before), ['admitted', 'UNCHANGED_VIOLATION a']);
    assert.deepEqual(update(before, task(['a', BAD], ['b', OTHER_BAD])), [
      'refused',
      'DISALLOWED_TAG spec.steps[1].image b',
      'UNCHANGED_VIOLATION a',
    ]);
  });

  it('A09 items with names are the same items in another order', () => {
    const kept = ['admitted', 'UNCHANGED_VIOLATION a'];
    assert.deepEqual(update(task(['a', BAD], ['b', GOOD]), task(['b', GOOD], ['a', BAD])), kept);
    assert.deepEqual(update(task(['a', BAD], ['b', GOOD]), task(['a', GOOD], ['b', BAD])), [
      'refused',
      'DISALLOWED_TAG spec.steps[1].image b',
    ]);
    assert.deepEqual(
      update(task([undefined, BAD], [undefined, GOOD]), task([undefined, GOOD], [undefined, BAD])),
      ['refused', 'DISALLOWED_TAG spec.steps[1].image -'],
    );
  });

  it('A09 if two old items have the same name, neither counts as unchanged', () => {
    assert.equal(update(task(['a', BAD], ['a', GOOD]), task(['a', BAD]))[0], 'refused');
  });

  it('A32 items with the same name count as unchanged if the whole part is unchanged', () => {
    const before = task(['a', BAD], ['a', OTHER_BAD], ['a', GOOD]);
    const after = { ...before, metadata: { ...(before['metadata'] as object), labels: { some: 'label' } } };
    assert.equal(update(before, after)[0], 'admitted');
    assert.equal(update(before, task(['a', BAD], ['a', OTHER_BAD]))[0], 'refused');
  });

  it('A09 a name that looks like a path is only a name', () => {
    for (const name of ['0', 'a"].image', '"a"', '*']) {
      assert.equal(update(task([name, BAD], ['b', GOOD]), task(['b', GOOD], [name, BAD]))[0], 'admitted');
      assert.equal(update(task([name, BAD], ['b', GOOD]), task([`${name}x`, BAD]))[0], 'refused', name);
    }
    assert.equal(update(task(['0', BAD]), task([undefined, BAD]))[0], 'refused', 'a name is no number');
  });

  it('A10 an image that moves to another part is judged', () => {
    const cluster = (head: string, worker: string) =>
      workload('ray.io/v1', 'RayCluster', 'spec', {
        headGroupSpec: { template: { spec: podSpec({ containers: { ray: head } }) } },
        workerGroupSpecs: [{ groupName: 'a', template: { spec: podSpec({ containers: { ray: worker } }) } }],
      });
    assert.deepEqual(summarise(judge({ object: cluster(GOOD, BAD), oldObject: cluster(BAD, GOOD) })), [
      'refused',
      'DISALLOWED_TAG spec.workerGroupSpecs[0].template.spec.containers[0].image ray',
    ]);
  });

  it('XH11 a NodeImage may lose a tag before one that is forbidden now, which counts as unchanged', () => {
    const nodeImage = (...tags: readonly string[]) =>
      workload('apps.kruise.io/v1alpha1', 'NodeImage', 'spec', {
        images: { 'registry.example.com/team/app': { tags: tags.map((tag) => ({ tag })) } },
      });
    assert.deepEqual(update(nodeImage('1', 'latest', '2'), nodeImage('latest', '2')), ['admitted']);
    assert.deepEqual(update(nodeImage('1', '2'), nodeImage('2', 'latest')), [
      'refused',
      'DISALLOWED_TAG spec.images["registry.example.com/team/app"].tags[1].tag -',
    ]);
  });

  it('a map in another order is the same map, and its groups are identified by their names', () => {
    const job = (...roles: readonly (readonly [string, string])[]) =>
      workload('kubeflow.org/v1', 'TFJob', 'spec', {
        tfReplicaSpecs: Object.fromEntries(
          roles.map(([role, image]) => [
            role,
            { template: { spec: podSpec({ containers: { main: image } }) } },
          ]),
        ),
      });
    const before = job(['PS', BAD], ['Worker', GOOD]);
    assert.equal(
      judge({ object: job(['Worker', GOOD], ['PS', BAD]), oldObject: before }).outcome,
      'admitted',
    );
    assert.equal(judge({ object: job(['Worker', BAD], ['PS', GOOD]), oldObject: before }).outcome, 'refused');
  });

  it('A32 an unreadable object may lose its finalizers', () => {
    const broken = (spec: unknown, finalizers: readonly string[]) =>
      workload('argoproj.io/v1alpha1', 'Rollout', '', { spec }, { finalizers });
    const before = broken({ template: 'x' }, ['a']);
    assert.equal(judge({ object: broken({ template: 'x' }, []), oldObject: before }).outcome, 'admitted');
    assert.equal(judge({ object: broken({ template: 'y' }, []), oldObject: before }).outcome, 'refused');
    assert.equal(judge({ object: broken({ template: 'x' }, []) }).outcome, 'refused');
  });
});

describe('custom resources that are not judged by their images', () => {
  it('A24 a list of a custom resource is refused', () => {
    const object = workload('argoproj.io/v1alpha1', 'RolloutList', '', { items: [] });
    assert.match(summarise(judge({ object }))[1] ?? '', /^UNSUPPORTED_KIND /);
    assert.equal(judge({ object: workload('example.com/v1', 'RolloutList', '', {}) }).outcome, 'admitted');
  });

  it('A15 an unknown kind of a known group is admitted with a notice', () => {
    const object = workload('argoproj.io/v1alpha1', 'Application', 'spec.template.spec', podSpec());
    assert.deepEqual(update(object, object), ['admitted', 'UNKNOWN_KIND -']);
  });

  it('A22 status and scale of a custom resource have no images', () => {
    const object = workload(
      'argoproj.io/v1alpha1',
      'Rollout',
      'spec.template.spec',
      podSpec({ containers: { web: BAD } }),
    );
    const status = judge({ object, oldObject: object, subResource: 'status' });
    assert.deepEqual([status.outcome, status.notices], ['admitted', []]);
  });

  it('A35, A36 a custom resource that does not agree with the request is refused', () => {
    const object = workload('argoproj.io/v1alpha1', 'Rollout', 'spec.template.spec', podSpec());
    const kind = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Workflow' };
    assert.equal(judge({ object, kind }).outcome, 'refused');
    assert.equal(judge({ object, namespace: `${NAMESPACE}-b` }).outcome, 'refused');
  });
});
