import { fieldsOf, type Fields, isObject, type Path } from '../document/json.ts';
import type { Stage } from '../policy/stage.ts';
import { stageOfPath } from './paths.ts';
import { GATE_NAME, LABELS, NAMESPACE_NAME_LABEL, SERVICE_PORT, WEBHOOK_DOMAIN } from './names.ts';
import { decodeSelector } from './label-selector.ts';
import type { LabelSelector } from './label-selector.ts';

const KIND = 'ValidatingWebhookConfiguration';

/** The address that a webhook calls. */
type WebhookTarget =
  | { readonly form: 'url'; readonly url: string; readonly path: string }
  | {
      readonly form: 'service';
      readonly namespace: string;
      readonly name: string;
      readonly port: number;
      readonly path: string;
    };

/** A webhook of a configuration, ours or foreign. Missing fields have the defaults of Kubernetes. */
export interface SeenWebhook {
  /** The object or the file that contains the webhook. */
  readonly source: string;
  /** The name of the configuration. */
  readonly configuration: string;
  /** The labels of the configuration. */
  readonly labels: Readonly<Record<string, unknown>>;
  /** Its index in `webhooks`. */
  readonly index: number;
  readonly name: string;
  readonly target: WebhookTarget;
  /** `undefined` if a gate does not answer at the path. */
  readonly stage: Stage | undefined;
  /** The `caBundle`, as PEM; `undefined` if it is missing or empty. */
  readonly trust: string | undefined;
  readonly failurePolicy: string;
  readonly timeoutSeconds: number;
  readonly sideEffects: string;
  readonly reviewVersions: readonly string[];
  readonly matchPolicy: string;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly rules: readonly SeenRule[];
}

/** One item of `rules` of a webhook. Missing lists are empty, and a missing scope is `*`. */
export interface SeenRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: string;
}

/** `ValidatingWebhookConfiguration kube-image-bouncer, webhook images.kube-image-bouncer.io`. */
export function describeWebhook({ source, name }: SeenWebhook): string {
  return `${source}, webhook ${name}`;
}

/**
 * Whether a webhook is ours: its name is in our domain, or its configuration has our name or one of our labels. This is
 * the only definition. Each webhook of a configuration with our name or label counts as ours.
 */
export function isOurs(webhook: SeenWebhook): boolean {
  const { configuration, labels } = webhook;
  return (
    isInOurDomain(webhook) ||
    configuration === GATE_NAME ||
    configuration.startsWith(`${GATE_NAME}.`) ||
    Object.entries(LABELS).some(([label, value]) => labels[label] === value)
  );
}

/** Whether the name of a webhook is below our domain. Other software does not use such names. */
export function isInOurDomain({ name }: SeenWebhook): boolean {
  return name.endsWith(WEBHOOK_DOMAIN);
}

/** The objects of a document of a file: the items of a list, otherwise the document. */
export function objectsOf(document: unknown): readonly { readonly value: unknown; readonly path: Path }[] {
  const { items } = fieldsOf(document);
  return Array.isArray(items)
    ? items.map((value: unknown, index) => ({ value, path: ['items', index] }))
    : [{ value: document, path: [] }];
}

/**
 * Whether a webhook names a URL or a Service. The API server refuses a webhook without both, but a file may contain
 * such a webhook.
 */
export function hasAddress({ target }: SeenWebhook): boolean {
  return target.form === 'url' || target.path !== '';
}

/** The namespaces that a selector excludes by their names. */
export function namespacesLeftOut({ matchExpressions = [] }: LabelSelector): readonly string[] {
  return matchExpressions.flatMap(({ key, operator, values = [] }) =>
    key === NAMESPACE_NAME_LABEL && operator === 'NotIn' ? values : [],
  );
}

/**
 * The webhooks of a configuration, validating or mutating. A missing field has the default of
 * `admissionregistration.k8s.io/v1`.
 * @param source The file of the configuration. @default its kind and its name
 */
export function decodeWebhooks(configuration: unknown, source?: string): readonly SeenWebhook[] {
  const { kind, metadata, webhooks } = fieldsOf(configuration);
  const { name: written, labels } = fieldsOf(metadata);
  const name = text(written, '');
  const place = {
    configuration: name,
    labels: fieldsOf(labels),
    source: source ?? `${text(kind, KIND)} ${name}`,
  };
  return list(webhooks).map((webhook, index) => decodeWebhook(fieldsOf(webhook), place, index));
}

function decodeWebhook(
  webhook: Fields,
  place: Pick<SeenWebhook, 'configuration' | 'labels' | 'source'>,
  index: number,
): SeenWebhook {
  const { caBundle } = fieldsOf(webhook['clientConfig']);
  const target = decodeTarget(fieldsOf(webhook['clientConfig']));
  return {
    ...place,
    index,
    name: text(webhook['name'], ''),
    target,
    stage: stageOfPath('AdmissionReview', target.path),
    trust:
      typeof caBundle === 'string' && caBundle !== ''
        ? Buffer.from(caBundle, 'base64').toString()
        : undefined,
    failurePolicy: text(webhook['failurePolicy'], 'Fail'),
    timeoutSeconds: number(webhook['timeoutSeconds'], 10),
    sideEffects: text(webhook['sideEffects'], 'Unknown'),
    reviewVersions: texts(webhook['admissionReviewVersions']),
    matchPolicy: text(webhook['matchPolicy'], 'Equivalent'),
    namespaceSelector: decodeSelector(webhook['namespaceSelector']),
    objectSelector: decodeSelector(webhook['objectSelector']),
    matchConditions: list(webhook['matchConditions']).map((condition) => ({
      name: text(fieldsOf(condition)['name'], ''),
      expression: text(fieldsOf(condition)['expression'], ''),
    })),
    rules: list(webhook['rules']).map((rule) => decodeRule(fieldsOf(rule))),
  };
}

function decodeTarget({ url, service }: Fields): WebhookTarget {
  if (typeof url === 'string') {
    const parsed = URL.parse(url);
    return { form: 'url', url, path: parsed === null ? '' : parsed.pathname };
  }
  const { namespace, name, port, path } = fieldsOf(service);
  if (!isObject(service)) return { form: 'service', namespace: '', name: '', port: SERVICE_PORT, path: '' };
  return {
    form: 'service',
    namespace: text(namespace, ''),
    name: text(name, ''),
    port: number(port, SERVICE_PORT),
    path: text(path, '/'),
  };
}

function decodeRule(rule: Fields): SeenRule {
  return {
    apiGroups: texts(rule['apiGroups']),
    apiVersions: texts(rule['apiVersions']),
    resources: texts(rule['resources']),
    operations: texts(rule['operations']),
    scope: text(rule['scope'], '*'),
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((one): one is string => typeof one === 'string');
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
