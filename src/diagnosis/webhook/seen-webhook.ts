import { fieldsOf, type Fields } from '../../document/json.ts';
import type { Stage } from '../../policy/stage.ts';
import { stageOfPath } from '../../wiring/paths.ts';
import { SERVICE_PORT } from '../../wiring/names.ts';
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

/** A webhook of any author, with the defaults of Kubernetes for missing fields. */
export interface SeenWebhook {
  /** Its object, or its file. */
  readonly source: string;
  readonly configuration: string;
  /** Its index in the configuration. */
  readonly index: number;
  readonly name: string;
  readonly target: WebhookTarget;
  /** `undefined` when the path is none that the gate serves. */
  readonly stage: Stage | undefined;
  /** PEM; `undefined` when there is none. */
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

/** Whether a webhook is one that asks a gate: by its name, or by that of its configuration. */
export function isOurs(webhook: SeenWebhook): boolean {
  return (
    webhook.name.endsWith('.kube-image-bouncer.io') || /^kube-image-bouncer(\.|$)/.test(webhook.configuration)
  );
}

/** The webhooks of a `ValidatingWebhookConfiguration`; what is missing has the default of `admissionregistration.k8s.io/v1`. */
export function decodeWebhooks(configuration: unknown, source?: string): readonly SeenWebhook[] {
  const { metadata, webhooks } = fieldsOf(configuration);
  const name = text(fieldsOf(metadata)['name'], '');
  const place = { configuration: name, source: source ?? `${KIND} ${name}` };
  return list(webhooks).map((webhook, index) => decodeWebhook(fieldsOf(webhook), place, index));
}

function decodeWebhook(
  webhook: Fields,
  { configuration, source }: Pick<SeenWebhook, 'configuration' | 'source'>,
  index: number,
): SeenWebhook {
  const { caBundle } = fieldsOf(webhook['clientConfig']);
  const target = decodeTarget(fieldsOf(webhook['clientConfig']));
  return {
    source,
    configuration,
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
