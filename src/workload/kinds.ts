import type { CustomKind } from './custom/custom-kind.ts';
import { SHIPPED_KINDS } from './custom/shipped-kinds.ts';

/** A kind of Kubernetes itself that has images, and where it has them. */
export interface WorkloadKind {
  readonly origin: 'kubernetes';
  readonly kind: string;
  /** The name that policies use: plural and today's group, such as `deployments.apps`. */
  readonly resource: string;
  /** Each `apiVersion` that ever served the kind. The path to the images is the same in all of them. */
  readonly served: readonly string[];
  /** Path from the root of the object to its `PodSpec`; `[]` if the root is the `PodSpec`. */
  readonly podSpec: readonly string[];
  /** Whether pods are created from it later. These pods are judged again. A `Pod` and its ephemeral containers are not templates. */
  readonly template: boolean;
  /** The list that must exist. Only the list of `EphemeralContainers` may be empty. */
  readonly required: 'containers' | 'ephemeralContainers';
}

const TEMPLATE = ['spec', 'template', 'spec'];

/**
 * The kinds of Kubernetes that have images.
 * @see https://github.com/kubernetes/api/blob/v0.37.1/core/v1/types.go
 */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  row('Pod', 'pods', ['v1'], ['spec'], { template: false }),
  // The body of `PUT pods/NAME/ephemeralcontainers` in 1.16 – 1.21. Its list is at the root (A03).
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

/** Kinds of subresources that have no images. */
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

/** A kind whose images the gate finds. */
export type KnownKind = WorkloadKind | CustomKind;

/** Kinds by group and name. A look-up allocates nothing. */
export type KindTable<Kind extends KnownKind = KnownKind> = ReadonlyMap<string, ReadonlyMap<string, Kind>>;

// The version is not part of the key. So an object of a future version is judged or refused, and never skipped.
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

/** The kinds that each policy knows: those of Kubernetes, and the custom resources that come with the gate. */
export const KNOWN_KINDS: KindTable = withCustomKinds(BUILT_IN_KINDS, SHIPPED_KINDS);

/** A new table with further kinds. A further kind replaces a kind of the same group and name. */
export function withCustomKinds(table: KindTable, kinds: readonly CustomKind[]): KindTable {
  const wider = new Map([...table].map(([group, known]) => [group, new Map(known)] as const));
  for (const kind of kinds) {
    const known = wider.get(kind.group) ?? new Map<string, KnownKind>();
    wider.set(kind.group, known.set(kind.kind, kind));
  }
  return wider;
}

/** The kinds of a table in their order. A kind that is listed several times occurs once. */
export function kindsIn(table: KindTable): readonly KnownKind[] {
  return [...new Set([...table.values()].flatMap((known) => Array.from(known.values())))];
}

/** A kind in a table, whatever its version; `undefined` if the table does not have it. */
export function findKind<Kind extends KnownKind>(
  table: KindTable<Kind>,
  group: string,
  kind: string,
): Kind | undefined {
  return table.get(group)?.get(kind);
}

/** A kind of Kubernetes itself; `undefined` if it has no images or does not exist. */
export function findWorkloadKind(group: string, kind: string): WorkloadKind | undefined {
  return findKind(BUILT_IN_KINDS, group, kind);
}

/** Whether a kind belongs to a subresource without images, such as `Scale`. */
export function isImageless(kind: string): boolean {
  return IMAGELESS_KINDS.has(kind);
}

/** Whether a kind is a list of objects of a covered kind. The API server never sends one for review. */
export function isListOfKind(table: KindTable, group: string, kind: string): boolean {
  if (!kind.endsWith('List')) return false;
  return (
    (group === '' && kind === 'List') || findKind(table, group, kind.slice(0, -'List'.length)) !== undefined
  );
}

/** The group of an `apiVersion`: `apps` for `apps/v1`, `''` for `v1`. */
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
