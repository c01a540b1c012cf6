import { createBouncer } from '../bouncer.ts';
import { renderCause } from '../admission/sentence.ts';
import { inEnglish } from '../language/catalogue.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { type Decision, failureReason } from '../policy/decision.ts';
import type { Policy } from '../policy/policy.ts';
import { reviewOfObject } from '../review/review-of.ts';
import { isObject } from '../document/json.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../workload/kinds.ts';

/** Something that runs in a cluster and would be refused if it were created today. */
export interface RefusedWorkload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** What the gate would say, one sentence an image. */
  readonly reasons: readonly string[];
}

export interface RunningWorkloads {
  /** Objects that were judged. */
  readonly judged: number;
  readonly refused: readonly RefusedWorkload[];
}

const UNHURRIED_MS = 60_000;

/** Kinds before what they make: of a Deployment and its pods the Deployment is told. */
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
 * The workloads of a cluster that a policy would refuse: every kind that holds images, page after page, judged by the
 * same core as a request. What is made by something that is told already is left out, and so is what runs no more:
 * finished pods and jobs, and the old ReplicaSets of a Deployment.
 * @throws {KubernetesError}
 */
export async function findRefusedWorkloads(
  cluster: KubernetesClient,
  policy: Policy,
  { isCovered }: { readonly isCovered: (namespace: string) => boolean },
): Promise<RunningWorkloads> {
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const refused: RefusedWorkload[] = [];
  const told = new Set<string>();
  let judged = 0;
  for (const workload of servedKinds()) {
    const [apiVersion = ''] = workload.served;
    for await (const object of cluster.list({ apiVersion, kind: workload.kind })) {
      const { name, namespace = '', uid } = object.metadata;
      if (!isCovered(namespace) || isOver(object)) continue;
      judged += 1;
      const decision = await bouncer.decide(
        reviewOfObject({ apiVersion, kind: workload.kind, object }, policy),
        UNHURRIED_MS,
      );
      if (decision.outcome === 'admitted') continue;
      if (uid !== undefined) told.add(uid);
      if (told.has(controllerOf(object) ?? '')) continue;
      refused.push({ kind: workload.kind, namespace, name, reasons: reasonsOf(decision) });
    }
  }
  return { judged, refused };
}

/** As lines for people, the first hundred of them. */
export function renderRefusedWorkloads({ judged, refused }: RunningWorkloads): string {
  const lines: string[] = [];
  for (const { kind, namespace, name, reasons } of refused.slice(0, MOST_TOLD)) {
    lines.push(`refused  ${kind} ${namespace}/${name}`);
    for (const reason of reasons) lines.push(`         ${reason}`);
  }
  const more = refused.length - MOST_TOLD;
  if (more > 0) lines.push(`… and ${more} more`);
  lines.push(`${judged} running objects: ${refused.length} would be refused`);
  return `${lines.join('\n')}\n`;
}

const MOST_TOLD = 100;

/** The kinds that the API serves today, in the order of {@link KINDS}; one that is new there comes first. */
function servedKinds(): readonly WorkloadKind[] {
  const seen = new Set<string>();
  const current = WORKLOAD_KINDS.filter(({ resource }) => !seen.has(resource) && seen.add(resource));
  return current.toSorted((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
}

function reasonsOf(decision: Decision): readonly string[] {
  if (decision.outcome === 'failed') return [inEnglish(failureReason(decision.code))];
  const denials = decision.violations.filter(({ actions }) => actions.includes('Deny'));
  return denials.map((violation) => renderCause([violation], inEnglish));
}

function controllerOf({ metadata }: KubernetesObject): string | undefined {
  const owners = metadata['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  const owner: unknown = owners.find((one: unknown) => isObject(one) && one['controller'] === true);
  return isObject(owner) && typeof owner['uid'] === 'string' ? owner['uid'] : undefined;
}

function isOver(object: KubernetesObject): boolean {
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
