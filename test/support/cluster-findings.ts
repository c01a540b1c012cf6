// A healthy cluster in the form in which doctor reads it, and tests that change one thing in it.
import type { Finding, FindingCode } from '../../src/diagnosis/finding.ts';
import { examineCluster } from '../../src/diagnosis/cluster/examine.ts';
import type { ClusterMaterial, GateMaterial } from '../../src/diagnosis/cluster/material.ts';
import { decodeWebhooks, type SeenWebhook } from '../../src/wiring/webhook-configuration.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { renderWebhookConfiguration, type WiringRequest } from '../../src/webhook/configuration.ts';
import { renderGateObjects } from '../../src/webhook/gate-objects.ts';
import { GATE_NAME, serviceHost, WEBHOOKS } from '../../src/wiring/names.ts';
import { reports } from './findings.ts';
import { dayAfter, gateAuthority, servedChain, servingPair } from './gate-certificates.ts';

const VERSION = { major: 1, minor: 37, text: 'v1.37.1' };

const POLICY_TEXT = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: test}
spec: {unmatchedImages: Allow, rules: [{name: no-latest, disallowedTags: {tags: [latest]}}]}
`;

/** The policy of the healthy cluster. */
export const heldPolicy = await parsePolicy(POLICY_TEXT, 'policy.yaml');

const OBJECTS = renderGateObjects({
  namespace: GATE_NAME,
  version: VERSION,
  image: 'registry.example.com/kube-image-bouncer:1.0.0',
  replicas: 3,
  client: undefined,
  policyText: POLICY_TEXT,
  certificates: {
    source: 'own',
    serving: servingPair,
    trust: gateAuthority.certificate,
    authority: gateAuthority,
  },
});

/** The webhooks that `bootstrap webhook --service --kube-system deny` writes, or those of another request. */
export function webhooksOf(request: Partial<WiringRequest> = {}): readonly SeenWebhook[] {
  return decodeWebhooks(
    renderWebhookConfiguration({
      address: { form: 'service', namespace: GATE_NAME },
      policy: heldPolicy,
      stage: 'deny',
      kubeSystem: 'deny',
      exemptNamespaces: [],
      timeoutSeconds: 10,
      version: VERSION,
      trust: gateAuthority.certificate,
      ...request,
    }),
  );
}

/** An object without fields of its own. */
export function objectOf(
  kind: string,
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
): KubernetesObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: GATE_NAME }, ...fields };
}

/** A namespace as the API server labels it. */
export function namespaceOf(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  };
}

const refused = {
  outcome: 'refused',
  by: { plugin: 'webhook', name: WEBHOOKS.images },
  message: 'no',
} as const;

/** A cluster for which the examination finds nothing, not even a note. */
export const HEALTHY_CLUSTER: ClusterMaterial = {
  server: 'https://10.0.0.1:6443',
  version: VERSION,
  now: dayAfter(1),
  clockAheadMs: 0,
  webhooks: webhooksOf(),
  areWebhooksRead: true,
  namespaces: ['default', 'kube-system', GATE_NAME].map(namespaceOf),
  gate: {
    namespace: GATE_NAME,
    services: new Map([
      [`${GATE_NAME}/${GATE_NAME}`, { service: gateObject('Service'), endpoints: ['10.1.0.7'] }],
    ]),
    deployment: { ...gateObject('Deployment'), status: { readyReplicas: 3 } },
    budgets: [gateObject('PodDisruptionBudget')],
    networkPolicies: [gateObject('NetworkPolicy')],
    servingSecret: gateObject('Secret'),
  },
  policy: { meant: undefined, held: { policy: heldPolicy } },
  people: { clusterRoles: [], clusterRoleBindings: [], roles: [], roleBindings: [] },
  crioNodes: [],
  nodePolicy: undefined,
  apiServers: [],
  imagePolicyStage: undefined,
  canaries: {
    namespace: 'default',
    badPod: refused,
    badDeployment: refused,
    goodPod: { image: 'nginx:1.17.1', result: { outcome: 'admitted', warnings: [] } },
  },
  served: [
    { address: `Service ${GATE_NAME}/${GATE_NAME}`, serverName: serviceHost(GATE_NAME), chain: servedChain },
  ],
  unread: [],
};

/** The one part of a healthy cluster that differs. */
type ClusterChange = Partial<ClusterMaterial> | (() => Promise<Partial<ClusterMaterial>>);

/** A test that a healthy cluster with one change has exactly these findings. */
export function clusterReports(codes: readonly FindingCode[], cause: string, change: ClusterChange): void {
  reports(codes, cause, () => examineChanged(change));
}

/** The findings of a healthy cluster with one change. */
export async function examineChanged(change: ClusterChange): Promise<readonly Finding[]> {
  const parts = typeof change === 'function' ? await change() : change;
  return examineCluster({ ...HEALTHY_CLUSTER, ...parts });
}

/** Changes fields of every webhook. */
export function withWebhooks(
  fields: Partial<SeenWebhook> | ((webhook: SeenWebhook) => Partial<SeenWebhook>),
): { readonly webhooks: readonly SeenWebhook[] } {
  const fieldsOf = typeof fields === 'function' ? fields : (): Partial<SeenWebhook> => fields;
  return {
    webhooks: HEALTHY_CLUSTER.webhooks.map((webhook) => Object.assign({}, webhook, fieldsOf(webhook))),
  };
}

/** A gate at a URL, outside the cluster, which doctor cannot reach. */
export const OUTSIDE: Partial<ClusterMaterial> = {
  ...withWebhooks({
    target: { form: 'url', url: 'https://gate.example.com:8443/validate', path: '/validate' },
  }),
  ...withGate({ deployment: undefined }),
  served: [],
};

/** Changes an object of the gate, or another part of the data that doctor reads in its namespace. */
export function withGate(parts: Partial<GateMaterial>): Partial<ClusterMaterial> {
  return { gate: { ...HEALTHY_CLUSTER.gate, ...parts } };
}

/** Changes the outcome of trials. */
export function withTrials(parts: Partial<ClusterMaterial['canaries']>): Partial<ClusterMaterial> {
  return { canaries: { ...HEALTHY_CLUSTER.canaries, ...parts } };
}

/** The healthy object of a kind, with other fields in its spec. */
export function gateObject(kind: string, spec: Readonly<Record<string, unknown>> = {}): KubernetesObject {
  const object = OBJECTS.find((one) => one.kind === kind);
  if (object === undefined) throw new Error(`bootstrap webhook makes no ${kind}`);
  return typeof object['spec'] === 'object' ? { ...object, spec: { ...object['spec'], ...spec } } : object;
}
