/** The path segment and the scope of a kind. */
interface Resource {
  /** As in a path: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const NAMESPACED = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Endpoints', 'endpoints'],
  ['v1', 'Event', 'events'],
  ['v1', 'Pod', 'pods'],
  ['v1', 'PodTemplate', 'podtemplates'],
  ['v1', 'ReplicationController', 'replicationcontrollers'],
  ['v1', 'Secret', 'secrets'],
  ['v1', 'Service', 'services'],
  ['v1', 'ServiceAccount', 'serviceaccounts'],
  ['apps/v1', 'DaemonSet', 'daemonsets'],
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'ReplicaSet', 'replicasets'],
  ['apps/v1', 'StatefulSet', 'statefulsets'],
  ['batch/v1', 'CronJob', 'cronjobs'],
  ['batch/v1', 'Job', 'jobs'],
  ['cert-manager.io/v1', 'Certificate', 'certificates'],
  ['coordination.k8s.io/v1', 'Lease', 'leases'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'],
] as const;

const CLUSTER_WIDE = [
  ['v1', 'Namespace', 'namespaces'],
  ['v1', 'Node', 'nodes'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'],
  ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies'],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
  ],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'],
  ['authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'],
  ['authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews'],
  ['certificates.k8s.io/v1', 'CertificateSigningRequest', 'certificatesigningrequests'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings'],
] as const;

const RESOURCES = new Map<string, Resource>([...rows(NAMESPACED, true), ...rows(CLUSTER_WIDE, false)]);

function rows(
  table: readonly (readonly [version: string, kind: string, plural: string])[],
  namespaced: boolean,
): (readonly [string, Resource])[] {
  return table.map(([version, kind, plural]) => [`${version}/${kind}`, { plural, namespaced }]);
}

/**
 * The resource of a kind, from a table, because asking the API server would take two more requests.
 * @throws {TypeError} for a kind that is not in the table: an error in this program, not of its user
 */
function resourceOf(apiVersion: string, kind: string): Resource {
  const resource = RESOURCES.get(`${apiVersion}/${kind}`);
  if (resource === undefined) throw new TypeError(`the table of resources has no ${apiVersion} ${kind}`);
  return resource;
}

/** `/apis/apps/v1/namespaces/payments/deployments/web`. Without a name: the collection. Without a namespace: all namespaces. */
export function pathOf(place: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}): string {
  const { plural, namespaced } = resourceOf(place.apiVersion, place.kind);
  const root = place.apiVersion.includes('/') ? '/apis' : '/api';
  const segments = [
    ...place.apiVersion.split('/'),
    ...(namespaced && place.namespace !== undefined ? ['namespaces', place.namespace] : []),
    plural,
    ...(place.name === undefined ? [] : [place.name]),
  ];
  return [root, ...segments.map(encodeURIComponent)].join('/');
}
