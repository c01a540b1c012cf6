import type { FindingCode } from '../../../src/diagnosis/finding.ts';
import type { KubernetesObject, ObjectReference } from '../../../src/kubernetes/object.ts';
import { GATE_NAME, POLICY_CONFIG_MAP, TLS_SECRET } from '../../../src/wiring/names.ts';

/** A fault in one object of a healthy cluster, and all findings above a note that doctor then reports. */
interface ObjectFault {
  readonly title: string;
  readonly object: ObjectReference;
  /** `undefined` deletes it. */
  readonly change: (object: KubernetesObject) => KubernetesObject | undefined;
  readonly codes: readonly FindingCode[];
  readonly args?: readonly string[];
}

/** The fields of a webhook that the faults change. */
interface MutableWebhook {
  clientConfig: { caBundle?: string; service?: { port: number; path: string }; url?: string };
  rules: { resources: string[]; operations: string[]; apiGroups: string[]; scope: string }[];
  [field: string]: unknown;
}

const configuration: ObjectReference = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: GATE_NAME,
};

const inGate = (apiVersion: string, kind: string, name: string): ObjectReference => ({
  apiVersion,
  kind,
  name,
  namespace: GATE_NAME,
});

const service = inGate('v1', 'Service', GATE_NAME);
const slice = inGate('discovery.k8s.io/v1', 'EndpointSlice', `${GATE_NAME}-1`);
const deployment = inGate('apps/v1', 'Deployment', GATE_NAME);
const budget = inGate('policy/v1', 'PodDisruptionBudget', GATE_NAME);
const networkPolicy = inGate('networking.k8s.io/v1', 'NetworkPolicy', GATE_NAME);
const policy = inGate('v1', 'ConfigMap', POLICY_CONFIG_MAP);
const secret = inGate('v1', 'Secret', TLS_SECRET);

/** Changes the webhook for all namespaces except kube-system. */
const webhook =
  (change: (webhook: MutableWebhook) => void): ObjectFault['change'] =>
  (object) => {
    const [images] = object['webhooks'] as MutableWebhook[];
    if (images !== undefined) change(images);
    return object;
  };

/** Changes the webhooks of all namespaces, including kube-system. */
const webhooks =
  (change: (webhook: MutableWebhook) => void): ObjectFault['change'] =>
  (object) => {
    for (const one of object['webhooks'] as MutableWebhook[]) change(one);
    return object;
  };

const withFields =
  (fields: Readonly<Record<string, unknown>>): ObjectFault['change'] =>
  (object) => ({ ...object, ...fields });

const withSpec =
  (fields: Readonly<Record<string, unknown>>): ObjectFault['change'] =>
  (object) => ({ ...object, spec: { ...(object['spec'] as object), ...fields } });

const gone = (): undefined => undefined;

const withoutResource = (resource: string): ObjectFault['change'] =>
  webhooks(({ rules }) => {
    for (const rule of rules) rule.resources = rule.resources.filter((one) => one !== resource);
    const left = rules.filter(({ resources }) => resources.length > 0);
    rules.splice(0, rules.length, ...left);
  });

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Faults of a webhook configuration. */
export const WEBHOOK_FAULTS: readonly ObjectFault[] = [
  { title: 'no webhook configuration', object: configuration, change: gone, codes: ['NO_WIRING'] },
  {
    title: 'failurePolicy Ignore at stage deny',
    object: configuration,
    change: webhook((one) => (one['failurePolicy'] = 'Ignore')),
    codes: ['FAILURE_POLICY_IGNORE'],
  },
  {
    title: 'failurePolicy Fail at stage warn',
    object: configuration,
    change: webhooks((one) => {
      one.clientConfig.service = { ...serviceOf(one), path: '/validate/warn' };
      one['failurePolicy'] = 'Fail';
    }),
    codes: ['FAILURE_POLICY_FAIL'],
  },
  {
    title: 'a timeout of 30 seconds',
    object: configuration,
    change: webhook((one) => (one['timeoutSeconds'] = 30)),
    codes: ['TIMEOUT_LONG'],
  },
  {
    title: 'a timeout of one second',
    object: configuration,
    change: webhook((one) => (one['timeoutSeconds'] = 1)),
    codes: ['TIMEOUT_SHORT'],
  },
  {
    title: 'only the version v1beta1 of reviews',
    object: configuration,
    change: webhook((one) => (one['admissionReviewVersions'] = ['v1beta1'])),
    codes: ['REVIEW_VERSION_MISSING'],
  },
  {
    title: 'matchPolicy Exact',
    object: configuration,
    change: webhook((one) => (one['matchPolicy'] = 'Exact')),
    codes: ['MATCH_POLICY_EXACT'],
  },
  {
    title: 'an objectSelector',
    object: configuration,
    change: webhook(
      (one) =>
        (one['objectSelector'] = { matchExpressions: [{ key: 'skip-gate', operator: 'DoesNotExist' }] }),
    ),
    codes: ['OBJECT_SELECTOR'],
  },
  {
    title: 'a namespaceSelector by a label that users can set',
    object: configuration,
    change: webhook(
      (one) =>
        (one['namespaceSelector'] = {
          matchExpressions: [
            { key: 'skip-gate', operator: 'DoesNotExist' },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [GATE_NAME, 'kube-system'] },
          ],
        }),
    ),
    codes: ['SELECTOR_SETTABLE'],
  },
  {
    title: 'an opt-in selector, and namespaces without its label',
    object: configuration,
    change: webhook((one) => (one['namespaceSelector'] = { matchLabels: { 'ask-gate': 'yes' } })),
    codes: ['NOT_ENFORCING', 'SELECTOR_SETTABLE', 'NAMESPACE_UNCOVERED'],
  },
  {
    title: 'a namespace that is excluded by name',
    object: configuration,
    change: webhook(
      (one) =>
        (one['namespaceSelector'] = {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: [GATE_NAME, 'kube-system', 'kube-public'],
            },
          ],
        }),
    ),
    codes: ['NAMESPACE_UNCOVERED'],
  },
  {
    title: 'a match condition that excludes a user',
    object: configuration,
    change: webhook(
      (one) =>
        (one['matchConditions'] = [{ name: 'not-me', expression: "request.userInfo.username != 'admin'" }]),
    ),
    codes: ['NOT_ENFORCING', 'TEMPLATE_NOT_ENFORCED', 'MATCH_CONDITION'],
  },
  {
    title: 'no rule for Deployments',
    object: configuration,
    change: withoutResource('deployments'),
    codes: ['TEMPLATE_NOT_ENFORCED', 'KIND_NOT_COVERED'],
  },
  {
    title: 'no rule for CronJobs',
    object: configuration,
    change: withoutResource('cronjobs'),
    codes: ['KIND_NOT_COVERED'],
  },
  {
    title: 'no rule for ephemeral containers',
    object: configuration,
    change: withoutResource('pods/ephemeralcontainers'),
    codes: ['SUBRESOURCE_NOT_COVERED'],
  },
  {
    title: 'no rule for updates',
    object: configuration,
    change: webhooks(({ rules }) => {
      for (const rule of rules)
        if (rule.apiGroups.includes('apps'))
          rule.operations = rule.operations.filter((one) => one !== 'UPDATE');
    }),
    codes: ['OPERATION_NOT_COVERED'],
  },
  {
    title: 'rules for cluster-scoped objects',
    object: configuration,
    change: webhook(({ rules }) => {
      for (const rule of rules) if (rule.apiGroups.includes('batch')) rule.scope = 'Cluster';
    }),
    codes: ['KIND_NOT_COVERED', 'SCOPE_CLUSTER'],
  },
  {
    title: 'a path that the gate does not serve',
    object: configuration,
    change: webhook((one) => (one.clientConfig.service = { ...serviceOf(one), path: '/validate/hard' })),
    codes: ['GATE_UNREACHABLE', 'PATH_UNKNOWN'],
  },
];

function serviceOf({ clientConfig }: MutableWebhook): { port: number; path: string } {
  if (clientConfig.service === undefined) throw new Error('the webhook calls no Service');
  return clientConfig.service;
}

/** Faults of the gate, its Service and its other objects. */
export const GATE_FAULTS: readonly ObjectFault[] = [
  { title: 'no Service', object: service, change: gone, codes: ['GATE_UNREACHABLE', 'SERVICE_MISSING'] },
  {
    title: 'a port that the Service does not have',
    object: configuration,
    change: webhooks((one) => (one.clientConfig.service = { ...serviceOf(one), port: 9 })),
    codes: ['GATE_UNREACHABLE', 'SERVICE_PORT_WRONG'],
  },
  {
    title: 'no ready endpoint',
    object: slice,
    change: withFields({ endpoints: [{ addresses: ['192.0.2.10'], conditions: { ready: false } }] }),
    codes: ['SERVICE_WITHOUT_ENDPOINTS'],
  },
  { title: 'no Deployment', object: deployment, change: gone, codes: ['DEPLOYMENT_MISSING'] },
  {
    title: 'a single gate',
    object: deployment,
    change: withSpec({ replicas: 1 }),
    codes: ['REPLICAS_SINGLE'],
  },
  {
    title: 'a PodDisruptionBudget that allows no eviction',
    object: budget,
    change: (object) => {
      const { maxUnavailable: _, ...spec } = object['spec'] as Record<string, unknown>;
      return { ...object, spec: { ...spec, minAvailable: 3 } };
    },
    codes: ['DISRUPTION_BUDGET_BLOCKS'],
  },
  {
    title: 'a network policy that admits only pods',
    object: networkPolicy,
    change: withSpec({ ingress: [{ from: [{ namespaceSelector: {} }] }] }),
    codes: ['NETWORK_POLICY_BLOCKS'],
  },
  {
    title: 'a network policy for another port',
    object: networkPolicy,
    change: withSpec({ ingress: [{ ports: [{ port: 9443, protocol: 'TCP' }] }] }),
    codes: ['NETWORK_POLICY_BLOCKS'],
  },
  { title: 'no policy', object: policy, change: gone, codes: ['POLICY_MISSING'] },
  {
    title: 'a policy that cannot be loaded',
    object: policy,
    change: withFields({ data: { 'policy.yaml': 'kind: Nothing\n' } }),
    codes: ['POLICY_NOT_LOADABLE'],
  },
  { title: 'no serving Secret', object: secret, change: gone, codes: ['SERVING_SECRET_MISSING'] },
  {
    title: 'a serving Secret whose key belongs to another certificate',
    object: secret,
    change: (object) => {
      const { data } = object as unknown as { data: Record<string, string> };
      return { ...object, data: { ...data, 'tls.crt': data['ca.crt'] } };
    },
    codes: ['SERVING_PAIR_UNUSABLE'],
  },
  {
    title: 'no CA',
    object: configuration,
    change: webhooks((one) => delete one.clientConfig.caBundle),
    codes: ['GATE_UNREACHABLE', 'CA_MISSING'],
  },
  {
    title: 'a CA field without a certificate',
    object: configuration,
    change: webhooks((one) => (one.clientConfig.caBundle = base64('-----BEGIN NOTHING-----\n'))),
    codes: ['GATE_UNREACHABLE', 'CA_UNREADABLE'],
  },
];
