import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Policy } from '../../policy/policy.ts';
import { webhookRules, type WebhookRule } from '../../webhook/rules.ts';
import { finding, type Finding } from '../finding.ts';
import { selects } from './label-selector.ts';
import type { SeenRule, SeenWebhook } from './seen-webhook.ts';

/** What a policy needs to be asked about; one that nobody has told us needs every kind. */
export function neededRules(policy: Policy | undefined): readonly WebhookRule[] {
  return webhookRules(policy ?? { rules: [], unmatchedImages: 'Deny' });
}

/** A request that the policy needs to be asked about. */
interface Need {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly operation: string;
}

/** Namespaces that the same webhooks are called for. */
export interface CoveredNamespaces {
  readonly namespaces: readonly string[];
  readonly webhooks: readonly SeenWebhook[];
}

/** Namespaces by the webhooks that are called for them. */
export function groupNamespaces(
  webhooks: readonly SeenWebhook[],
  namespaces: readonly KubernetesObject[],
): readonly CoveredNamespaces[] {
  const groups = Map.groupBy(namespaces, ({ metadata }) =>
    webhooks
      .map((webhook, index) => (selects(webhook.namespaceSelector, metadata.labels ?? {}) ? index : -1))
      .filter((index) => index >= 0)
      .join(),
  );
  return [...groups].map(([key, members]) => ({
    namespaces: members.map(({ metadata }) => metadata.name),
    webhooks: webhooks.filter((_, index) => key.split(',').includes(String(index))),
  }));
}

/** What the policy needs and no webhook of a group of namespaces is asked about. */
export function examineCoverage(
  groups: readonly CoveredNamespaces[],
  needed: readonly WebhookRule[],
): readonly Finding[] {
  const covered = groups.filter(({ webhooks }) => webhooks.length > 0);
  const found = covered.flatMap(({ namespaces, webhooks }) =>
    findMissing(webhooks, needed).map(({ code, what }) => {
      const where = covered.length === 1 ? '' : ` in ${renderNames(namespaces)}`;
      return finding(code, sourcesOf(webhooks), `${what}${where}`);
    }),
  );
  return [...found, ...examineScope(covered.flatMap(({ webhooks }) => webhooks))];
}

/** At most five names, and how many more there are. */
export function renderNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}

function sourcesOf(webhooks: readonly SeenWebhook[]): string {
  return [...new Set(webhooks.map(({ source }) => source))].join(', ');
}

interface Missing {
  readonly code: 'KIND_NOT_COVERED' | 'SUBRESOURCE_NOT_COVERED' | 'OPERATION_NOT_COVERED';
  readonly what: string;
}

function findMissing(webhooks: readonly SeenWebhook[], needed: readonly WebhookRule[]): readonly Missing[] {
  const needs = needed.flatMap(expandRule);
  const rules = webhooks.flatMap((webhook) => webhook.rules);
  const missing = needs.filter((need) => !rules.some((rule) => covers(rule, need)));
  const byResource = Map.groupBy(missing, nameOf);
  return [...byResource].map(([resource, gaps]) => {
    const operations = gaps.map(({ operation }) => operation).join(' and ');
    const known = needs.filter((need) => nameOf(need) === resource).length;
    if (gaps.length < known)
      return { code: 'OPERATION_NOT_COVERED', what: `no rule covers ${operations} of ${resource}` };
    const code = resource.includes('/') ? 'SUBRESOURCE_NOT_COVERED' : 'KIND_NOT_COVERED';
    return { code, what: `no rule covers ${resource}` };
  });
}

function expandRule({ apiGroups, apiVersions, resources, operations }: WebhookRule): readonly Need[] {
  const [group = '', version = ''] = [apiGroups[0], apiVersions[0]];
  return resources.flatMap((resource) =>
    operations.map((operation) => ({ group, version, resource, operation })),
  );
}

function nameOf({ group, resource }: Need): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** @see https://github.com/kubernetes/apiserver/blob/v0.37.1/pkg/admission/plugin/webhook/predicates/rules/rules.go */
function covers(rule: SeenRule, { group, version, resource, operation }: Need): boolean {
  const [plural = '', subresource = ''] = resource.split('/');
  const named = ({ 0: wanted = '', 1: part = '' }: readonly string[]): boolean =>
    (wanted === '*' || wanted === plural) && (part === '*' || part === subresource);
  return (
    rule.scope !== 'Cluster' &&
    includes(rule.apiGroups, group) &&
    includes(rule.apiVersions, version) &&
    includes(rule.operations, operation) &&
    rule.resources.some((entry) => named(entry.split('/')))
  );
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}

function examineScope(webhooks: readonly SeenWebhook[]): readonly Finding[] {
  const wrong = webhooks.filter(({ rules }) => rules.some(({ scope }) => scope === 'Cluster'));
  return [...new Set(wrong)].map(({ source, name }) =>
    finding('SCOPE_CLUSTER', `${source}, webhook ${name}`, 'a rule has scope Cluster'),
  );
}
