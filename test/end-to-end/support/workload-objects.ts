import type { KubernetesVersion } from '../../control-plane/binaries.ts';

/** The part of a `PodSpec` that the tests use. */
export interface PodSpec {
  readonly containers: readonly object[];
  readonly initContainers?: readonly object[];
  readonly volumes?: readonly object[];
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** A kind that creates pods, in a served version. */
export interface WorkloadRow {
  readonly apiVersion: string;
  readonly kind: string;
  /** The path of its `PodSpec`, as refusals write it. */
  readonly path: string;
  /** An object of this kind. It creates no pod, unless the kind is Pod. */
  readonly make: (name: string, spec: PodSpec) => object;
}

const labels = { app: 'web' };
const selector = { matchLabels: labels };

/** Every workload kind, in every version that a supported Kubernetes serves. */
export function workloadRows(version: KubernetesVersion): readonly WorkloadRow[] {
  return [
    row('v1', 'Pod', 'spec', (spec) => ({ spec })),
    row('v1', 'PodTemplate', 'template.spec', (spec) => ({ template: { metadata: { labels }, spec } })),
    row('v1', 'ReplicationController', 'spec.template.spec', (spec) => ({
      spec: { replicas: 0, selector: labels, template: templateOf(spec) },
    })),
    ...['ReplicaSet', 'Deployment', 'StatefulSet'].map((kind) =>
      row('apps/v1', kind, 'spec.template.spec', (spec) => ({
        spec: {
          replicas: 0,
          selector,
          template: templateOf(spec),
          ...(kind === 'StatefulSet' && { serviceName: 'web' }),
        },
      })),
    ),
    row('apps/v1', 'DaemonSet', 'spec.template.spec', (spec) => ({
      spec: { selector, template: templateOf(spec) },
    })),
    row('batch/v1', 'Job', 'spec.template.spec', (spec) => ({ spec: jobOf(spec) })),
    ...(version === 'v1.24' ? ['batch/v1', 'batch/v1beta1'] : ['batch/v1']).map((apiVersion) =>
      row(apiVersion, 'CronJob', 'spec.jobTemplate.spec.template.spec', (spec) => ({
        spec: { schedule: '* * * * *', suspend: true, jobTemplate: { spec: jobOf(spec) } },
      })),
    ),
  ];
}

/** A Deployment, ReplicaSet or StatefulSet with this number of pods. Its name is also their label. */
export function replicated(kind: string, name: string, replicas: number, spec: PodSpec): object {
  const app = { app: name };
  const template = { metadata: { labels: app }, spec };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: app },
      template,
      // No kubelet makes the first pod ready. The other pods would wait for it.
      ...(kind === 'StatefulSet' && { serviceName: name, podManagementPolicy: 'Parallel' }),
    },
  };
}

/** The argument of `kubectl get` for all of them. */
export const everyWorkload =
  'pods,podtemplates,replicationcontrollers,replicasets,deployments,statefulsets,daemonsets,jobs,cronjobs';

/** A container. Its name identifies it. */
export function container(name: string, image: string, more: object = {}): object {
  return { name, image, ...more };
}

/** A volume that is an image. */
export function imageVolume(name: string, reference: string): object {
  return { name, image: { reference } };
}

/** Several objects in one document. kubectl sends each of them separately. */
export function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

function row(apiVersion: string, kind: string, path: string, fields: (spec: PodSpec) => object): WorkloadRow {
  const make: WorkloadRow['make'] = (name, spec) => ({
    apiVersion,
    kind,
    metadata: { name },
    ...fields(spec),
  });
  return { apiVersion, kind, path, make };
}

function templateOf(spec: PodSpec): object {
  return { metadata: { labels }, spec };
}

function jobOf(spec: PodSpec): object {
  return { suspend: true, template: { spec: { restartPolicy: 'Never', ...spec } } };
}
