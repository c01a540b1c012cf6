import type { CustomKind } from './custom/custom-kind.ts';
import { SHIPPED_KINDS } from './custom/shipped-kinds.ts';

/** A kind of Kubernetes' own that holds images, and where. */
export interface WorkloadKind {
  readonly origin: 'kubernetes';
  readonly kind: string;
  /** The name that policies use, in the group that serves the kind today: `deployments.apps`. */
  readonly resource: string;
  /** Every `apiVersion` that ever served it; the images stand at the same place in all of them. */
  readonly served: readonly string[];
  /** Path from the root of the object to its `PodSpec`, `[]` for the root itself. */
  readonly podSpec: readonly string[];
  /** Its pods come later and are judged again; a `Pod` and its ephemeral containers are the real thing. */
  readonly template: boolean;
  /** The list that must be there; on any kind but `EphemeralContainers` it must not be empty either. */
  readonly required: 'containers' | 'ephemeralContainers';
}

const TEMPLATE = ['spec', 'template', 'spec'];

/**
 * Where Kubernetes objects hold images.
 * @see https://github.com/kubernetes/api/blob/v0.37.1/core/v1/types.go
 */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  row('Pod', 'pods', ['v1'], ['spec'], { template: false }),
  // What `PUT pods/NAME/ephemeralcontainers` carried in 1.16 – 1.21: the list stands at the root (A03).
  row('EphemeralContainers', 'pods', ['v1'], [], { template: false, required: 'ephemeralContainers' }),
  row('PodTemplate', 'podtemplates', ['v1'], ['template', 'spec']),
  row('ReplicationController', 'replicationcontrollers', ['v1'], TEMPLATE),
  row('ReplicaSet', 'replicasets.apps', ['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'], TEMPLATE),
  row(
    'Deployment',
    'deployments.apps',
    ['apps/v1', 'apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'],
    TEMPLATE,
  ),
  row('StatefulSet', 'statefulsets.apps', ['apps/v1', 'apps/v1beta2', 'apps/v1beta1'], TEMPLATE),
  row('DaemonSet', 'daemonsets.apps', ['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'], TEMPLATE),
  row('Job', 'jobs.batch', ['batch/v1', 'batch/v2alpha1', 'extensions/v1beta1'], TEMPLATE),
  row(
    'CronJob',
    'cronjobs.batch',
    ['batch/v1', 'batch/v1beta1', 'batch/v2alpha1'],
    ['spec', 'jobTemplate', ...TEMPLATE],
  ),
  row('ScheduledJob', 'cronjobs.batch', ['batch/v2alpha1'], ['spec', 'jobTemplate', ...TEMPLATE]),
];

/** Kinds that are sent for a subresource and hold no image. */
const IMAGELESS_KINDS: ReadonlySet<string> = new Set([
  'Scale',
  'Binding',
  'Eviction',
  'DeploymentRollback',
  'PodExecOptions',
  'PodAttachOptions',
  'PodPortForwardOptions',
  'PodProxyOptions',
]);

/** A kind whose images are found. */
export type KnownKind = WorkloadKind | CustomKind;

/** Kinds by their group and name; a look-up makes nothing. */
export type KindTable<Kind extends KnownKind = KnownKind> = ReadonlyMap<string, ReadonlyMap<string, Kind>>;

// The version is left out on purpose: one that is served tomorrow is judged, or refused, never waved through.
export const BUILT_IN_KINDS: KindTable<WorkloadKind> = tableOf(WORKLOAD_KINDS);

function tableOf(rows: readonly WorkloadKind[]): KindTable<WorkloadKind> {
  const table = new Map<string, Map<string, WorkloadKind>>();
  for (const row of rows) {
    for (const apiVersion of row.served) {
      const group = groupOf(apiVersion);
      const kinds = table.get(group) ?? new Map<string, WorkloadKind>();
      table.set(group, kinds.set(row.kind, row));
    }
  }
  return table;
}

/** The kinds that every policy knows: Kubernetes' own, and the custom resources that come with the gate. */
export const KNOWN_KINDS: KindTable = withCustomKinds(BUILT_IN_KINDS, SHIPPED_KINDS);

/** A table of its own, with further kinds; one that is there already is replaced. */
export function withCustomKinds(table: KindTable, kinds: readonly CustomKind[]): KindTable {
  const wider = new Map([...table].map(([group, known]) => [group, new Map(known)] as const));
  for (const kind of kinds) {
    const known = wider.get(kind.group) ?? new Map<string, KnownKind>();
    wider.set(kind.group, known.set(kind.kind, kind));
  }
  return wider;
}

/** The kinds of a table, each once, in their order. */
export function kindsIn(table: KindTable): readonly KnownKind[] {
  return [...new Set([...table.values()].flatMap((known) => Array.from(known.values())))];
}

/** The row of a table for a kind of any version, if it is covered. */
export function findKind<Kind extends KnownKind>(
  table: KindTable<Kind>,
  group: string,
  kind: string,
): Kind | undefined {
  return table.get(group)?.get(kind);
}

/** The row of a kind of Kubernetes' own, which every policy knows. */
export function findWorkloadKind(group: string, kind: string): WorkloadKind | undefined {
  return findKind(BUILT_IN_KINDS, group, kind);
}

/** Whether a kind is one that stands for a subresource without images, such as `Scale`. */
export function isImageless(kind: string): boolean {
  return IMAGELESS_KINDS.has(kind);
}

/** Whether a kind is a list of objects that are covered; the API server never reviews one. */
export function isListOfKind(table: KindTable, group: string, kind: string): boolean {
  if (!kind.endsWith('List')) return false;
  return (
    (group === '' && kind === 'List') || findKind(table, group, kind.slice(0, -'List'.length)) !== undefined
  );
}

/** The group of an `apiVersion`: `apps` of `apps/v1`, `''` of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

function row(
  kind: string,
  resource: string,
  served: readonly string[],
  podSpec: readonly string[],
  differences: Partial<Pick<WorkloadKind, 'template' | 'required'>> = {},
): WorkloadKind {
  return {
    origin: 'kubernetes',
    kind,
    resource,
    served,
    podSpec,
    template: true,
    required: 'containers',
    ...differences,
  };
}
