import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Policy } from '../../policy/policy.ts';
import { webhookRules, type WebhookRule } from '../../webhook/rules.ts';
import { SHIPPED_KINDS } from '../../workload/custom/shipped-kinds.ts';
import { KNOWN_KINDS } from '../../workload/kinds.ts';
import { finding, type Finding } from '../finding.ts';
import { selects } from '../../wiring/label-selector.ts';
import type { SeenRule, SeenWebhook } from '../../wiring/webhook-configuration.ts';

/** The requests that the API server must send to the gate for a policy. */
interface NeededRules {
  readonly rules: readonly WebhookRule[];
  /**
   * Custom resources that the gate knows and that no rule of the policy names. They may not be installed, and the gate
   * judges their pods.
   */
  readonly optional: ReadonlySet<string>;
}

/** The requests that a policy needs; an unknown policy needs every kind. */
export function neededRules(policy: Policy | undefined): NeededRules {
  const rules = webhookRules(policy ?? { rules: [], unmatchedImages: 'Deny', kinds: KNOWN_KINDS });
  const named = new Set(policy?.rules.flatMap(({ match }) => [...(match?.resources ?? [])]));
  const shipped = SHIPPED_KINDS.map(({ resource }) => resource);
  return { rules, optional: new Set(shipped.filter((resource) => !named.has(resource))) };
}

/** One request that the policy needs. */
interface Need {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly operation: string;
  readonly scope: Scope;
}

/** Whether an object is in a namespace. */
type Scope = 'Namespaced' | 'Cluster';

/** Namespaces for which the API server calls the same webhooks. */
interface CoveredNamespaces {
  readonly namespaces: readonly string[];
  readonly webhooks: readonly SeenWebhook[];
}

/** Groups namespaces by the webhooks that the API server calls for them. */
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

/** Reports the requests that the policy needs and that no webhook of a group of namespaces receives. */
export function examineCoverage(
  groups: readonly CoveredNamespaces[],
  needed: NeededRules,
): readonly Finding[] {
  const covered = groups.filter(({ webhooks }) => webhooks.length > 0);
  const found = covered.flatMap(({ namespaces, webhooks }) =>
    findMissing(webhooks, needed, 'Namespaced').map(({ code, what }) => {
      const where = covered.length === 1 ? '' : ` in ${renderNames(namespaces)}`;
      return finding(code, sourcesOf(webhooks), `${what}${where}`);
    }),
  );
  // The API server sends cluster-scoped objects to every webhook, whatever its namespaceSelector is.
  const all = [...new Set(covered.flatMap(({ webhooks }) => webhooks))];
  const clusterWide = all.length === 0 ? [] : findMissing(all, needed, 'Cluster');
  return [
    ...found,
    ...clusterWide.map(({ code, what }) => finding(code, sourcesOf(all), what)),
    ...examineScope(all, needed),
  ];
}

/** The first five names, and the number of the others. */
export function renderNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}

function sourcesOf(webhooks: readonly SeenWebhook[]): string {
  return [...new Set(webhooks.map(({ source }) => source))].join(', ');
}

interface Missing {
  readonly code:
    | 'KIND_NOT_COVERED'
    | 'SUBRESOURCE_NOT_COVERED'
    | 'OPERATION_NOT_COVERED'
    | 'CUSTOM_RESOURCES_NOT_COVERED';
  readonly what: string;
}

function findMissing(
  webhooks: readonly SeenWebhook[],
  { rules: neededRules, optional }: NeededRules,
  scope: Scope,
): readonly Missing[] {
  const needs = neededRules.flatMap(expandRule).filter((need) => need.scope === scope);
  const rules = webhooks.flatMap((webhook) => webhook.rules);
  const missing = needs.filter((need) => !rules.some((rule) => covers(rule, need)));
  const byResource = [...Map.groupBy(missing, nameOf)];
  const wanted = byResource.filter(([resource]) => optional.has(resource)).map(([resource]) => resource);
  const notes = wanted.length === 0 ? [] : [customResourcesMissing(wanted)];
  return [...byResource.filter(([resource]) => !optional.has(resource)).map(renderGaps(needs)), ...notes];
}

function customResourcesMissing(resources: readonly string[]): Missing {
  return { code: 'CUSTOM_RESOURCES_NOT_COVERED', what: `no rule covers ${renderNames(resources)}` };
}

function renderGaps(needs: readonly Need[]): (missing: [string, Need[]]) => Missing {
  return ([resource, gaps]) => {
    const operations = gaps.map(({ operation }) => operation).join(' and ');
    const known = needs.filter((need) => nameOf(need) === resource).length;
    if (gaps.length < known)
      return { code: 'OPERATION_NOT_COVERED', what: `no rule covers ${operations} of ${resource}` };
    const code = resource.includes('/') ? 'SUBRESOURCE_NOT_COVERED' : 'KIND_NOT_COVERED';
    return { code, what: `no rule covers ${resource}` };
  };
}

function expandRule({ apiGroups, apiVersions, resources, operations, scope }: WebhookRule): readonly Need[] {
  const [group = '', version = ''] = [apiGroups[0], apiVersions[0]];
  const scopes: readonly Scope[] = scope === '*' ? ['Namespaced', 'Cluster'] : [scope];
  return resources.flatMap((resource) =>
    operations.flatMap((operation) =>
      scopes.map((each) => ({ group, version, resource, operation, scope: each })),
    ),
  );
}

function nameOf({ group, resource }: Need): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** @see https://github.com/kubernetes/apiserver/blob/v0.37.1/pkg/admission/plugin/webhook/predicates/rules/rules.go */
function covers(rule: SeenRule, need: Need): boolean {
  return (rule.scope === '*' || rule.scope === need.scope) && names(rule, need);
}

function names(rule: SeenRule, { group, version, resource, operation }: Need): boolean {
  const [plural = '', subresource = ''] = resource.split('/');
  const named = ({ 0: wanted = '', 1: part = '' }: readonly string[]): boolean =>
    (wanted === '*' || wanted === plural) && (part === '*' || part === subresource);
  return (
    includes(rule.apiGroups, group) &&
    // The served versions of a custom resource are unknown; with matchPolicy Equivalent the API server converts them.
    (version === '*' || includes(rule.apiVersions, version)) &&
    includes(rule.operations, operation) &&
    rule.resources.some((entry) => named(entry.split('/')))
  );
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}

/** Rules with scope Cluster for namespaced kinds. */
function examineScope(webhooks: readonly SeenWebhook[], needed: NeededRules): readonly Finding[] {
  const local = needed.rules.flatMap(expandRule).filter(({ scope }) => scope === 'Namespaced');
  const wrong = webhooks.filter(({ rules }) =>
    rules.some((rule) => rule.scope === 'Cluster' && local.some((need) => names(rule, need))),
  );
  return wrong.map(({ source, name }) =>
    finding('SCOPE_CLUSTER', `${source}, webhook ${name}`, 'a rule has scope Cluster'),
  );
}
