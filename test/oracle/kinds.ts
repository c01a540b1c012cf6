import type { Some } from './images.ts';

/** The places of an image in a pod. */
export type Usage = 'container' | 'initContainer' | 'ephemeralContainer' | 'imageVolume';

/**
 * A kind with images, in one of its versions. Written by hand from the Kubernetes API reference, independently of the
 * product's own table. If the two tables differ, one of them is wrong.
 */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural name of the API server. */
  readonly resource: string;
  /** The name in policies. */
  readonly policyResource: string;
  /** Path to the `PodSpec`. */
  readonly podSpec: readonly string[];
  /** Its pods are created later. */
  readonly template: boolean;
}

const TEMPLATE = ['spec', 'template', 'spec'];
const CRON = ['spec', 'jobTemplate', 'spec', 'template', 'spec'];

/** Built-in kinds with a `PodSpec`, current and former ones. */
export const KINDS: Some<Kind> = [
  { ...kindOf('v1', 'Pod', 'pods', ['spec']), template: false },
  kindOf('v1', 'PodTemplate', 'podtemplates', ['template', 'spec']),
  kindOf('v1', 'ReplicationController', 'replicationcontrollers'),
  ...['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'].flatMap((version) => [
    kindOf(version, 'ReplicaSet', 'replicasets'),
    kindOf(version, 'DaemonSet', 'daemonsets'),
  ]),
  ...['apps/v1', 'apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'].map((version) =>
    kindOf(version, 'Deployment', 'deployments'),
  ),
  ...['apps/v1', 'apps/v1beta2', 'apps/v1beta1'].map((version) =>
    kindOf(version, 'StatefulSet', 'statefulsets'),
  ),
  ...['batch/v1', 'batch/v2alpha1', 'extensions/v1beta1'].map((version) => kindOf(version, 'Job', 'jobs')),
  ...['batch/v1', 'batch/v1beta1', 'batch/v2alpha1'].map((version) =>
    kindOf(version, 'CronJob', 'cronjobs', CRON),
  ),
  { ...kindOf('batch/v2alpha1', 'ScheduledJob', 'scheduledjobs', CRON), policyResource: 'cronjobs.batch' },
];

/** Kinds from which pods are created. The first row is the pod itself. */
export const POD: Kind = KINDS[0];

/** `PUT pods/NAME/ephemeralcontainers` of Kubernetes 1.16 to 1.21: the list is a field of the root (A03). */
export const EPHEMERAL_CONTAINERS: Kind = {
  ...kindOf('v1', 'EphemeralContainers', 'pods', []),
  template: false,
};

/** Kinds that the gate does not know. Their content is arbitrary. */
export const UNKNOWN_KINDS: Some<readonly [apiVersion: string, kind: string, resource: string]> = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Service', 'services'],
  ['example.com/v1', 'Pod', 'pods'],
  ['example.com/v1alpha1', 'Widget', 'widgets'],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions'],
  ['constructor.io/v1', 'Deployment', 'deployments'],
  ['example.com/v1', 'WidgetList', 'widgetlists'],
];

/** Objects of subresources without images (A22). */
export const IMAGELESS: Some<
  readonly [apiVersion: string, kind: string, resource: string, subresource: string]
> = [
  ['autoscaling/v1', 'Scale', 'deployments', 'scale'],
  ['v1', 'Binding', 'pods', 'binding'],
  ['policy/v1', 'Eviction', 'pods', 'eviction'],
  ['policy/v1beta1', 'Eviction', 'pods', 'eviction'],
  ['extensions/v1beta1', 'Scale', 'replicasets', 'scale'],
];

/** Objects of a CONNECT request (A23). */
export const CONNECTIONS: Some<readonly [kind: string, subresource: string]> = [
  ['PodExecOptions', 'exec'],
  ['PodAttachOptions', 'attach'],
  ['PodPortForwardOptions', 'portforward'],
  ['PodProxyOptions', 'proxy'],
];

/** Lists of kinds that we cover. The API server never sends a list for review (A24). */
export const LISTS: Some<readonly [apiVersion: string, kind: string]> = [
  ['v1', 'List'],
  ['v1', 'PodList'],
  ['apps/v1', 'DeploymentList'],
  ['batch/v1', 'CronJobList'],
];

function kindOf(apiVersion: string, kind: string, resource: string, podSpec = TEMPLATE): Kind {
  const policyResource = apiVersion === 'v1' ? resource : `${resource}.${todaysGroup(kind)}`;
  return { apiVersion, kind, resource, policyResource, podSpec, template: true };
}

/** Policies use the API group that serves a kind today. */
function todaysGroup(kind: string): string {
  return kind.endsWith('Job') ? 'batch' : 'apps';
}
