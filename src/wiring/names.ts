/** The name of all our objects in a cluster: namespace, Deployment, Service, webhook configuration and others. */
export const GATE_NAME = 'kube-image-bouncer';

/** The folder of the gate's files on a control-plane node. */
export const NODE_FOLDER = '/etc/kubernetes/kube-image-bouncer';

/** The static pod manifest of kube-apiserver on a node of kubeadm. */
export const API_SERVER_MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** The Secret with the serving pair of the gate (`tls.crt`, `tls.key`) and its CA (`ca.crt`). */
export const TLS_SECRET = 'kube-image-bouncer-tls';

/** The Secret with the pair of the CA (`tls.crt`, `tls.key`). No pod mounts it. */
export const AUTHORITY_SECRET = 'kube-image-bouncer-authority';

/** The ConfigMap with the CA of the clients that may send reviews (`ca.crt`), if the gate checks clients. */
export const CLIENT_AUTHORITY_CONFIG_MAP = 'kube-image-bouncer-client-authority';

/** The ConfigMap with the active policy, under {@link POLICY_KEY}. */
export const POLICY_CONFIG_MAP = 'kube-image-bouncer-policy';

/** The key of the policy in the data of {@link POLICY_CONFIG_MAP}. */
export const POLICY_KEY = 'policy.yaml';

/** The webhook configuration that the API server reads from a file. The API server requires the end of this name. */
export const STATIC_CONFIGURATION = 'kube-image-bouncer.static.k8s.io';

/** The names of our webhooks. Refusals and metrics of the API server contain them. */
export const WEBHOOKS = {
  images: 'images.kube-image-bouncer.io',
  kubeSystem: 'kube-system.kube-image-bouncer.io',
} as const;

/** The end of the names of all our webhooks. */
export const WEBHOOK_DOMAIN = '.kube-image-bouncer.io';

/** The port of the Service for reviews. The API server calls it if a webhook names no port. */
export const SERVICE_PORT = 443;

/** The port of a pod of the gate for reviews. */
export const REVIEW_PORT = 8443;

/** The port of a pod of the gate for `/livez`, `/readyz` and `/metrics`. */
export const HEALTH_PORT = 8081;

/** The labels that select the pods of the gate. */
export const SELECTOR_LABELS = { 'app.kubernetes.io/name': GATE_NAME } as const;

/** The labels of every object that `bootstrap` creates. */
export const LABELS = { ...SELECTOR_LABELS, 'app.kubernetes.io/managed-by': GATE_NAME } as const;

/** The host name under which the API server calls the Service. The serving certificate must contain it. */
export function serviceHost(namespace: string): string {
  return `${GATE_NAME}.${namespace}.svc`;
}

/** The label of a namespace that the API server sets to its name, since 1.21. Users cannot change it. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';
