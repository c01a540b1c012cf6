import type { Some } from './images.ts';

/** The places of an image in a pod. */
export type Usage = 'container' | 'initContainer' | 'ephemeralContainer' | 'imageVolume';

/**
 * A kind that holds images, in one of its versions. Written from the Kubernetes API reference, by
 * hand and apart from the product's own table: where the two disagree, one of them is wrong.
 */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural, as the API server says it. */
  readonly resource: string;
  /** What policies call it. */
  readonly policyResource: string;
  /** Path to the `PodSpec`. */
  readonly podSpec: readonly string[];
  /** Its pods come later. */
  readonly template: boolean;
}

const TEMPLATE = ['spec', 'template', 'spec'];
const CRON = ['spec', 'jobTemplate', 'spec', 'template', 'spec'];

/** Kinds of Kubernetes itself that have a `PodSpec`, today's and those of old. */
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

/** What pods come from; the pod itself is the first row. */
export const POD: Kind = KINDS[0];

/** `PUT pods/NAME/ephemeralcontainers` of Kubernetes 1.16 to 1.21: the list stands at the top (A03). */
export const EPHEMERAL_CONTAINERS: Kind = {
  ...kindOf('v1', 'EphemeralContainers', 'pods', []),
  template: false,
};

/** Kinds that the gate does not know, with any content. */
export const UNKNOWN_KINDS: Some<readonly [apiVersion: string, kind: string, resource: string]> = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Service', 'services'],
  ['example.com/v1', 'Pod', 'pods'],
  ['example.com/v1alpha1', 'Widget', 'widgets'],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions'],
  ['constructor.io/v1', 'Deployment', 'deployments'],
  ['example.com/v1', 'WidgetList', 'widgetlists'],
];

/** What stands for a subresource and holds no image (A22). */
export const IMAGELESS: Some<
  readonly [apiVersion: string, kind: string, resource: string, subresource: string]
> = [
  ['autoscaling/v1', 'Scale', 'deployments', 'scale'],
  ['v1', 'Binding', 'pods', 'binding'],
  ['policy/v1', 'Eviction', 'pods', 'eviction'],
  ['policy/v1beta1', 'Eviction', 'pods', 'eviction'],
  ['extensions/v1beta1', 'Scale', 'replicasets', 'scale'],
];

/** What a CONNECT carries (A23). */
export const CONNECTIONS: Some<readonly [kind: string, subresource: string]> = [
  ['PodExecOptions', 'exec'],
  ['PodAttachOptions', 'attach'],
  ['PodPortForwardOptions', 'portforward'],
  ['PodProxyOptions', 'proxy'],
];

/** Lists of what we cover: the API server never reviews one (A24). */
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

/** The group that serves a kind today names it in policies. */
function todaysGroup(kind: string): string {
  return kind.endsWith('Job') ? 'batch' : 'apps';
}
