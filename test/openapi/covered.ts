/** An API server that is walked; the oldest and the newest that are supported. */
export type WalkedVersion = 'v1.24' | 'v1.37';

/** A kind that holds pods, and where its `PodSpec` stands. */
export interface CoveredKind {
  readonly kind: string;
  readonly podSpec: string;
  /** The one version that still serves it. */
  readonly only?: WalkedVersion;
}

/** Every field of every kind here is found by the gate; the test puts an image into each, and looks. */
export const COVERED_KINDS: readonly CoveredKind[] = [
  { kind: 'v1 Pod', podSpec: 'spec' },
  { kind: 'v1 PodTemplate', podSpec: 'template.spec' },
  { kind: 'v1 ReplicationController', podSpec: 'spec.template.spec' },
  { kind: 'apps/v1 ReplicaSet', podSpec: 'spec.template.spec' },
  { kind: 'apps/v1 Deployment', podSpec: 'spec.template.spec' },
  { kind: 'apps/v1 StatefulSet', podSpec: 'spec.template.spec' },
  { kind: 'apps/v1 DaemonSet', podSpec: 'spec.template.spec' },
  { kind: 'batch/v1 Job', podSpec: 'spec.template.spec' },
  { kind: 'batch/v1 CronJob', podSpec: 'spec.jobTemplate.spec.template.spec' },
  { kind: 'batch/v1beta1 CronJob', podSpec: 'spec.jobTemplate.spec.template.spec', only: 'v1.24' },
];

/** A field of a `PodSpec` that holds an image. */
export interface CoveredField {
  readonly path: string;
  readonly only?: WalkedVersion;
}

export const COVERED_FIELDS: readonly CoveredField[] = [
  { path: 'containers[*].image' },
  { path: 'initContainers[*].image' },
  { path: 'ephemeralContainers[*].image' },
  { path: 'volumes[*].image.reference', only: 'v1.37' },
];
