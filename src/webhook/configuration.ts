import type { KubernetesObject } from '../kubernetes/object.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';
import type { Stage } from '../policy/stage.ts';
import { matchConditions, type MatchCondition } from './match-conditions.ts';
import {
  GATE_NAME,
  LABELS,
  NAMESPACE_NAME_LABEL,
  SERVICE_PORT,
  STATIC_CONFIGURATION,
  WEBHOOKS,
} from '../wiring/names.ts';
import { failurePolicyAt, reviewPath } from '../wiring/paths.ts';
import { namespacedRules, webhookRules, type PolicyScope, type WebhookRule } from './rules.ts';

/** Reviews in `kube-system`: warnings only, the stage of the other namespaces, or no reviews. */
export const KUBE_SYSTEM_MODES = ['warn', 'deny', 'exempt'] as const;

export type KubeSystemMode = (typeof KUBE_SYSTEM_MODES)[number];

/** The address at which the API server calls the gate. */
export type GateAddress =
  | {
      readonly form: 'url';
      /** `https://host:port`, without a path: the stage decides the path. */
      readonly origin: string;
    }
  | { readonly form: 'service'; readonly namespace: string };

/** The input of a webhook configuration. */
export interface WiringRequest {
  readonly address: GateAddress;
  readonly policy: PolicyScope;
  readonly stage: Stage;
  readonly kubeSystem: KubeSystemMode;
  /** Exact names, no patterns: a user who may create namespaces could create one that matches a pattern (E13). */
  readonly exemptNamespaces: readonly string[];
  /** From 1 to 30, the limits of Kubernetes. */
  readonly timeoutSeconds: number;
  readonly version: KubernetesVersion;
  /** PEM of the CAs of the gate's certificate; `undefined` if cert-manager fills it in. */
  readonly trust: string | undefined;
  /** Annotations of the object, for cert-manager. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One webhook of a configuration. Every field is set, so no default of a Kubernetes version applies. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly url?: string;
    readonly service?: {
      readonly namespace: string;
      readonly name: string;
      readonly path: string;
      readonly port: number;
    };
    readonly caBundle?: string;
  };
  readonly admissionReviewVersions: readonly ('v1' | 'v1beta1')[];
  readonly sideEffects: 'None';
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  readonly matchPolicy: 'Equivalent';
  readonly namespaceSelector: { readonly matchExpressions?: readonly NamespaceExpression[] };
  /** Always empty. If another client could set a selector here, users could exclude their pods by a label (E03). */
  readonly objectSelector: Readonly<Record<string, never>>;
  readonly rules: readonly WebhookRule[];
  readonly matchConditions?: readonly MatchCondition[];
}

interface NamespaceExpression {
  readonly key: typeof NAMESPACE_NAME_LABEL;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

const KUBE_SYSTEM = 'kube-system';

/** The webhook configuration that the API stores. */
export function renderWebhookConfiguration(request: WiringRequest): KubernetesObject {
  return render(GATE_NAME, renderWebhooks(request, ['v1', 'v1beta1']), request.annotations);
}

/**
 * The webhook configuration that the API server reads from a file. It is active before the first request. The API
 * does not show it and cannot delete it. The API server allows only `url` and `v1` in it.
 * @see
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5793-manifest-based-admission-control-config
 */
export function renderStaticConfiguration(request: WiringRequest): KubernetesObject {
  return render(STATIC_CONFIGURATION, renderWebhooks(request, ['v1']), undefined);
}

/**
 * The namespaces without reviews, sorted: the namespace of a gate in the cluster, exempt namespaces, and kube-system
 * with mode `exempt`.
 */
export function uncoveredNamespaces(
  request: Pick<WiringRequest, 'address' | 'kubeSystem' | 'exemptNamespaces'>,
): readonly string[] {
  const own = request.address.form === 'service' ? [request.address.namespace] : [];
  const kubeSystem = request.kubeSystem === 'exempt' ? [KUBE_SYSTEM] : [];
  return [...new Set([...own, ...kubeSystem, ...request.exemptNamespaces])].toSorted();
}

function render(
  name: string,
  webhooks: readonly Webhook[],
  annotations: Readonly<Record<string, string>> | undefined,
): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name, labels: LABELS, ...(annotations !== undefined && { annotations }) },
    webhooks,
  };
}

function renderWebhooks(
  request: WiringRequest,
  versions: Webhook['admissionReviewVersions'],
): readonly Webhook[] {
  const uncovered = uncoveredNamespaces(request);
  const apart = request.kubeSystem === 'warn' && !uncovered.includes(KUBE_SYSTEM);
  const left = apart ? [...uncovered, KUBE_SYSTEM].toSorted() : uncovered;
  const everywhere = left.length === 0 ? {} : { matchExpressions: [namespaceExpression('NotIn', left)] };
  const rules = webhookRules(request.policy);
  const images = renderWebhook(WEBHOOKS.images, request, request.stage, versions, everywhere, rules);
  if (!apart) return [images];
  // A gate that does not answer must not block the network, DNS or kube-proxy.
  const stage = request.stage === 'deny' ? 'warn' : request.stage;
  const selector = { matchExpressions: [namespaceExpression('In', [KUBE_SYSTEM])] };
  // Cluster-scoped objects match every namespace selector. Only the first webhook reviews them.
  const local = namespacedRules(rules);
  return [images, renderWebhook(WEBHOOKS.kubeSystem, request, stage, versions, selector, local)];
}

/** The API server sets this label since 1.21, and no user can change it (E01, E02). */
function namespaceExpression(
  operator: NamespaceExpression['operator'],
  values: readonly string[],
): NamespaceExpression {
  return { key: NAMESPACE_NAME_LABEL, operator, values };
}

function renderWebhook(
  name: string,
  request: WiringRequest,
  stage: Stage,
  admissionReviewVersions: Webhook['admissionReviewVersions'],
  namespaceSelector: Webhook['namespaceSelector'],
  rules: readonly WebhookRule[],
): Webhook {
  const conditions = matchConditions(request.version, request.policy.kinds);
  return {
    name,
    clientConfig: {
      ...renderAddress(request.address, reviewPath(stage)),
      ...(request.trust !== undefined && { caBundle: Buffer.from(request.trust).toString('base64') }),
    },
    admissionReviewVersions,
    sideEffects: 'None',
    failurePolicy: failurePolicyAt(stage),
    timeoutSeconds: request.timeoutSeconds,
    matchPolicy: 'Equivalent',
    namespaceSelector,
    objectSelector: {},
    rules,
    ...(conditions.length > 0 && { matchConditions: conditions }),
  };
}

function renderAddress(address: GateAddress, path: string): Webhook['clientConfig'] {
  if (address.form === 'url') return { url: `${address.origin}${path}` };
  const { namespace } = address;
  return { service: { namespace, name: GATE_NAME, path, port: SERVICE_PORT } };
}
