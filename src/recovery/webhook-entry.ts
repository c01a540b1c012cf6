import { stageOfPath } from '../wiring/paths.ts';
import { fieldsOf } from '../document/json.ts';

/** One webhook of a configuration, as far as a way out has to know it. */
export interface WebhookEntry {
  /** Its place in `webhooks`. */
  readonly index: number;
  readonly name: string;
  readonly failurePolicy: string;
  readonly url: string | undefined;
  readonly service: ServiceAddress | undefined;
  readonly namespaceSelector: NamespaceSelector;
  readonly rules: readonly { readonly scope?: string }[];
}

interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string;
}

export interface NamespaceSelector {
  readonly matchExpressions?: readonly NamespaceExpression[];
  readonly [field: string]: unknown;
}

interface NamespaceExpression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The label that the API server gives every namespace itself, since 1.21. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** The webhooks of a configuration; what has another shape is passed over, for nobody asks it either. */
export function entriesOf(configuration: Readonly<Record<string, unknown>>): readonly WebhookEntry[] {
  return listOf(configuration['webhooks']).flatMap((webhook, index) => {
    const { name, failurePolicy, clientConfig, namespaceSelector, rules } = fieldsOf(webhook);
    if (typeof name !== 'string') return [];
    const { url, service } = fieldsOf(clientConfig);
    return [
      {
        index,
        name,
        failurePolicy: typeof failurePolicy === 'string' ? failurePolicy : 'Fail',
        url: typeof url === 'string' ? url : undefined,
        service: decodeService(service),
        namespaceSelector: decodeSelector(namespaceSelector),
        // Each keeps its place in the list, by which it is changed.
        rules: listOf(rules).map(decodeRule),
      },
    ];
  });
}

// A file may hold anything; what the API holds has been looked at.
function decodeService(value: unknown): ServiceAddress | undefined {
  const { namespace, name, path } = fieldsOf(value);
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return { namespace, name, ...(typeof path === 'string' && { path }) };
}

function decodeSelector(value: unknown): NamespaceSelector {
  const { matchExpressions, ...rest } = fieldsOf(value);
  if (matchExpressions === undefined) return rest;
  const expressions = listOf(matchExpressions).flatMap((expression): NamespaceExpression[] => {
    const { key, operator, values } = fieldsOf(expression);
    if (typeof key !== 'string' || typeof operator !== 'string') return [];
    const texts = listOf(values).filter((one): one is string => typeof one === 'string');
    return [{ key, operator, ...(texts.length > 0 && { values: texts }) }];
  });
  return { ...rest, matchExpressions: expressions };
}

function decodeRule(value: unknown): WebhookEntry['rules'][number] {
  const { scope } = fieldsOf(value);
  return typeof scope === 'string' ? { scope } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `https://10.0.0.1:1323/validate`, or `Service kube-image-bouncer/kube-image-bouncer`, for people. */
export function addressOf({ url, service }: WebhookEntry): string {
  return service === undefined
    ? (url ?? 'an address that is missing')
    : `Service ${service.namespace}/${service.name}`;
}

/** Whether the webhook asks one of our gates to refuse. */
export function asksToDeny({ url, service }: WebhookEntry): boolean {
  const path = service === undefined ? pathOf(url) : (service.path ?? '/');
  return path !== undefined && stageOfPath('AdmissionReview', path) === 'deny';
}

/** The same URL with another path. */
export function withPath(url: string, path: string): string {
  const { origin } = new URL(url);
  return `${origin}${path}`;
}

function pathOf(url: string | undefined): string | undefined {
  return url === undefined || !URL.canParse(url) ? undefined : new URL(url).pathname;
}

/** Whether a namespace of this name is left out by its name already. */
export function leavesOut({ namespaceSelector }: WebhookEntry, namespace: string): boolean {
  return (namespaceSelector.matchExpressions ?? []).some(
    ({ key, operator, values = [] }) =>
      key === NAMESPACE_NAME && operator === 'NotIn' && values.includes(namespace),
  );
}
