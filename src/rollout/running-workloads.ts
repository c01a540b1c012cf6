import { createBouncer } from '../bouncer.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Policy } from '../policy/policy.ts';
import { resultOf, type ObjectResult } from '../report/result.ts';
import { reviewOfObject } from '../review/review-of.ts';
import { isObject } from '../document/json.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../workload/kinds.ts';

/** The workloads of a cluster, judged by a policy. */
export interface RunningWorkloads {
  /** Number of objects that were judged. */
  readonly judged: number;
  /** The results of those that would be refused if they were created now. */
  readonly refused: readonly ObjectResult[];
}

/** Time for one verdict, in milliseconds. It is long, because no request waits for the verdict. */
const BUDGET_MS = 60_000;

/** Owners come before the objects that they create, because only the owner is reported. */
const KINDS = [
  'CronJob',
  'Deployment',
  'Job',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'ReplicationController',
  'PodTemplate',
  'Pod',
];

/**
 * The workloads of a cluster that a policy would refuse. Every built-in kind with images is listed page by page and
 * judged like a request. Objects of a reported owner are left out, and so are finished pods, finished jobs and the old
 * ReplicaSets of a Deployment.
 * @throws {KubernetesError}
 */
export async function findRefusedWorkloads(
  cluster: KubernetesClient,
  policy: Policy,
  { isCovered }: { readonly isCovered: (namespace: string) => boolean },
): Promise<RunningWorkloads> {
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const refused: ObjectResult[] = [];
  const reported = new Set<string>();
  let judged = 0;
  for (const workload of servedKinds()) {
    const [apiVersion = ''] = workload.served;
    for await (const object of cluster.list({ apiVersion, kind: workload.kind })) {
      const { name, namespace = '', uid } = object.metadata;
      if (!isCovered(namespace) || isFinished(object)) continue;
      judged += 1;
      const { kind } = workload;
      const review = reviewOfObject({ apiVersion, kind, object }, policy);
      const decision = await bouncer.decide(review, BUDGET_MS);
      if (decision.outcome === 'admitted') continue;
      if (uid !== undefined) reported.add(uid);
      if (reported.has(controllerOf(object) ?? '')) continue;
      refused.push(resultOf({ apiVersion, kind, name, review, decision }));
    }
  }
  return { judged, refused };
}

/** The built-in kinds in the order of {@link KINDS}; a kind that is missing there comes first. */
function servedKinds(): readonly WorkloadKind[] {
  const seen = new Set<string>();
  const current = WORKLOAD_KINDS.filter(({ resource }) => !seen.has(resource) && seen.add(resource));
  return current.toSorted((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
}

function controllerOf({ metadata }: KubernetesObject): string | undefined {
  const owners = metadata['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  const owner: unknown = owners.find((one: unknown) => isObject(one) && one['controller'] === true);
  return isObject(owner) && typeof owner['uid'] === 'string' ? owner['uid'] : undefined;
}

function isFinished(object: KubernetesObject): boolean {
  const status = isObject(object['status']) ? object['status'] : {};
  const spec = isObject(object['spec']) ? object['spec'] : {};
  switch (object.kind) {
    case 'Pod':
      return status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
    case 'Job':
      return status['completionTime'] !== undefined;
    case 'ReplicaSet':
      return spec['replicas'] === 0 && controllerOf(object) !== undefined;
    default:
      return false;
  }
}
