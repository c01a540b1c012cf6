/** The API servers whose OpenAPI is read: the oldest and the newest supported ones. */
export type WalkedVersion = 'v1.24' | 'v1.37';

/** A kind with pods, and the path of its `PodSpec`. */
export interface CoveredKind {
  readonly kind: string;
  readonly podSpec: string;
  /** The only version that still serves it. */
  readonly only?: WalkedVersion;
}

/** The gate finds every field of these kinds. The test puts an image into each field. */
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

/** A field of a `PodSpec` with an image. */
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
