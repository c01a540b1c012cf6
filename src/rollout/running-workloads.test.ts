import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serveCluster } from '#test/cluster-server.ts';
import { NO_LATEST, policyOf } from '#test/policies.ts';
import { BAD, GOOD, podSpec } from '#test/pods.ts';
import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { findRefusedWorkloads } from './running-workloads.ts';

// A real API server lists real objects in test/end-to-end; here are lists that only a busy cluster has.

interface Listed {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly owner?: string;
  readonly spec?: object;
  readonly status?: object;
}

const PATHS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  WORKLOAD_KINDS.map(({ kind, podSpec: path }) => [kind, path]),
);

/** An object as a list holds it: without kind and apiVersion; its uid is its name. */
function listed({ kind, name, namespace = 'team', image = BAD, owner, spec, status }: Listed): object {
  const nested = (PATHS[kind] ?? []).reduceRight<unknown>(
    (value, key) => ({ [key]: value }),
    podSpec({ containers: { web: image } }),
  ) as { spec?: object };
  return {
    metadata: {
      name,
      namespace,
      uid: name,
      ...(owner !== undefined && { ownerReferences: [{ uid: owner, controller: true }] }),
    },
    ...nested,
    ...(spec && { spec: { ...nested.spec, ...spec } }),
    ...(status && { status }),
  };
}

/** A cluster with these objects. A page has two objects, and PodTemplate is not served. */
async function clusterOf(...objects: readonly Listed[]) {
  const requested: string[] = [];
  const server = await serveCluster((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster');
    requested.push(`${pathname} ${searchParams.get('limit')}`);
    const plural = pathname.split('/').at(-1) ?? '';
    const all = objects.filter(({ kind }) => `${kind.toLowerCase()}s` === plural).map(listed);
    const start = Number(searchParams.get('continue') ?? 0);
    const next = start + 2 < all.length ? String(start + 2) : '';
    if (plural === 'podtemplates') response.writeHead(404);
    response.end(JSON.stringify({ metadata: { continue: next }, items: all.slice(start, start + 2) }));
  });
  return { ...server, requested };
}

const everywhere = { isCovered: () => true };

async function refusedOf(
  objects: readonly Listed[],
  options: { readonly isCovered: (namespace: string) => boolean } = everywhere,
): Promise<string[]> {
  await using parts = await clusterOf(...objects);
  const { refused } = await findRefusedWorkloads(parts.cluster, NO_LATEST, options);
  return refused.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
}

describe('the running workloads that a policy would refuse', () => {
  it('are found in every kind with images, on every page', async () => {
    const kinds = WORKLOAD_KINDS.map(({ kind }) => kind).filter(
      (kind) => !['EphemeralContainers', 'ScheduledJob', 'PodTemplate'].includes(kind),
    );
    const objects = kinds.flatMap((kind) =>
      ['a', 'b', 'c'].map((letter) => ({ kind, name: `${kind.toLowerCase()}-${letter}` })),
    );
    await using parts = await clusterOf(...objects);
    const { judged, refused } = await findRefusedWorkloads(parts.cluster, NO_LATEST, everywhere);
    assert.equal(judged, objects.length);
    assert.deepEqual(refused.map(({ name }) => name).toSorted(), objects.map(({ name }) => name).toSorted());
    assert.equal(parts.requested.filter((path) => path === '/api/v1/pods 500').length, 2);
  });

  it('are reported once: the Deployment, and not the objects that it owns', async () => {
    const made = [
      { kind: 'Deployment', name: 'web' },
      { kind: 'ReplicaSet', name: 'web-1', owner: 'web', spec: { replicas: 1 } },
      { kind: 'Pod', name: 'web-1-a', owner: 'web-1' },
    ];
    assert.deepEqual(await refusedOf(made), ['Deployment team/web']);
    // A pod that was changed after its template was read is reported although the template is good.
    const changed = made.map((object) =>
      object.kind === 'Pod' ? object : Object.assign({ image: GOOD }, object),
    );
    assert.deepEqual(await refusedOf(changed), ['Pod team/web-1-a']);
  });

  it('are those that are not finished', async () => {
    const over = [
      { kind: 'Pod', name: 'done', status: { phase: 'Succeeded' } },
      { kind: 'Pod', name: 'failed', status: { phase: 'Failed' } },
      { kind: 'Job', name: 'done', status: { completionTime: '2026-01-01T00:00:00Z' } },
      { kind: 'ReplicaSet', name: 'old', owner: 'web', spec: { replicas: 0 } },
    ];
    assert.deepEqual(await refusedOf(over), []);
    const still = [
      { kind: 'Pod', name: 'pending', status: { phase: 'Pending' } },
      { kind: 'Job', name: 'active', status: { active: 1 } },
      { kind: 'ReplicaSet', name: 'resting', spec: { replicas: 0 } },
    ];
    assert.equal((await refusedOf(still)).length, 3);
  });

  it('are in the namespaces that the wiring covers', async () => {
    const objects = ['kube-system', 'team'].map((namespace) => ({ kind: 'Pod', name: 'web', namespace }));
    const isCovered = (namespace: string): boolean => namespace !== 'kube-system';
    assert.deepEqual(await refusedOf(objects, { isCovered }), ['Pod team/web']);
  });

  it('are not those that would only get a warning', async () => {
    const policy = await policyOf({ disallowedTags: { tags: ['latest'] }, validationActions: ['Warn'] });
    await using parts = await clusterOf({ kind: 'Pod', name: 'web' });
    const { judged, refused } = await findRefusedWorkloads(parts.cluster, policy, everywhere);
    assert.deepEqual([judged, refused], [1, []]);
  });

  it('are reported with the violations that refuse them', async () => {
    await using parts = await clusterOf({ kind: 'Pod', name: 'web' });
    const { refused } = await findRefusedWorkloads(parts.cluster, NO_LATEST, everywhere);
    const [object] = refused;
    assert.deepEqual([object?.verdict, object?.place], ['refused', undefined]);
    assert.deepEqual(
      object?.violations.map(({ code, rule }) => [code, rule]),
      [['DISALLOWED_TAG', 'no-latest']],
    );
  });
});
