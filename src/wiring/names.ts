/** What everything of ours in a cluster is called: namespace, Deployment, Service, webhook configuration and the rest. */
export const GATE_NAME = 'kube-image-bouncer';

/** Serving pair of the gate (`tls.crt`, `tls.key`) and the CA that signed it (`ca.crt`). */
export const TLS_SECRET = 'kube-image-bouncer-tls';

/** Pair of the CA itself (`tls.crt`, `tls.key`); no pod mounts it. */
export const AUTHORITY_SECRET = 'kube-image-bouncer-authority';

/** CA of the clients that may ask (`ca.crt`), when only some may. */
export const CLIENT_AUTHORITY_CONFIG_MAP = 'kube-image-bouncer-client-authority';

/** The policy in force, under {@link POLICY_KEY}. */
export const POLICY_CONFIG_MAP = 'kube-image-bouncer-policy';

export const POLICY_KEY = 'policy.yaml';

/** The webhook configuration that the API server reads from a file; it insists on the end of the name. */
export const STATIC_CONFIGURATION = 'kube-image-bouncer.static.k8s.io';

/** Names of the webhooks of a configuration, as refusals and metrics of the API server show them. */
export const WEBHOOKS = {
  images: 'images.kube-image-bouncer.io',
  kubeSystem: 'kube-system.kube-image-bouncer.io',
} as const;

/** Every webhook of ours is called something in this domain. */
export const WEBHOOK_DOMAIN = '.kube-image-bouncer.io';

/** Where the Service takes reviews: what the API server asks when a webhook names no port. */
export const SERVICE_PORT = 443;

/** Where a pod of the gate takes reviews. */
export const REVIEW_PORT = 8443;

/** Where a pod of the gate serves `/livez`, `/readyz` and `/metrics`. */
export const HEALTH_PORT = 8081;

/** What tells the gate's pods from others. */
export const SELECTOR_LABELS = { 'app.kubernetes.io/name': GATE_NAME } as const;

/** On every object that we made. */
export const LABELS = { ...SELECTOR_LABELS, 'app.kubernetes.io/managed-by': GATE_NAME } as const;

/** The name that the API server calls a Service by, and that the serving certificate must hold. */
export function serviceHost(namespace: string): string {
  return `${GATE_NAME}.${namespace}.svc`;
}
