import type { Policy } from '../policy/policy.ts';
import type { CustomKind } from '../workload/custom/custom-kind.ts';
import { kindsIn } from '../workload/kinds.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';

/** `rules[]` of a webhook: which requests the API server asks about. */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  readonly resources: readonly string[];
  /** `*` where nobody knows. */
  readonly scope: 'Namespaced' | 'Cluster' | '*';
}

/** What of a policy decides which kinds have to be asked about. */
export type PolicyScope = Pick<Policy, 'rules' | 'unmatchedImages' | 'kinds'>;

const PODS = 'pods';

/**
 * Every kind that the policy needs, and none more: all kinds that hold images, unless all rules name resources and an
 * image that no rule selects is allowed. Pods stay in any case, for they are what runs.
 *
 * `status`, `scale` and the like carry no image; DELETE and CONNECT are admitted anyway. A kind of Kubernetes' own is
 * listed in the one version that every supported Kubernetes serves: `matchPolicy: Equivalent` has the others converted
 * to it, such as `batch/v1beta1` of 1.24. A custom resource is listed in every version, for nobody knows which ones a
 * cluster serves; one that is not installed there is simply never asked about.
 */
export function webhookRules(policy: PolicyScope): readonly WebhookRule[] {
  const needed = neededResources(policy);
  return [...ownRules(needed), ...customRules(policy, needed)];
}

/** The rules for what lives in namespaces, for a webhook that chooses some: nothing else is in any of them. */
export function namespacedRules(rules: readonly WebhookRule[]): readonly WebhookRule[] {
  return rules.flatMap((rule) =>
    rule.scope === 'Cluster' ? [] : [{ ...rule, scope: 'Namespaced' as const }],
  );
}

/**
 * Custom resources that rules of the policy name and that nobody can read, so that asking about them would cost time
 * and tell nothing; their pods are judged when they come.
 */
export function unreadableResources(policy: PolicyScope): readonly string[] {
  const known = resourcesIn(policy);
  const named = policy.rules.flatMap(({ match }) => [...(match?.resources ?? [])]);
  return [...new Set(named)].filter((resource) => !known.has(resource)).toSorted();
}

function resourcesIn({ kinds }: PolicyScope): ReadonlySet<string> {
  return new Set(kindsIn(kinds).map(({ resource }) => resource));
}

function neededResources(policy: PolicyScope): ReadonlySet<string> {
  const all = resourcesIn(policy);
  if (policy.unmatchedImages === 'Deny') return all;
  const named = new Set([PODS]);
  for (const { match } of policy.rules) {
    if (match?.resources === undefined) return all;
    for (const resource of match.resources) named.add(resource);
  }
  return named;
}

function ownRules(needed: ReadonlySet<string>): readonly WebhookRule[] {
  const rules: WebhookRule[] = [];
  // In the order of the table, so that the same policy gives the same text.
  const resources = [...new Set(WORKLOAD_KINDS.map(({ resource }) => resource))];
  const own = resources.filter((resource) => needed.has(resource));
  for (const [apiVersion, together] of Map.groupBy(own, servedAs)) {
    rules.push(ownRule(apiVersion, ['CREATE', 'UPDATE'], together.map(pluralOf)));
    // A rule for pods does not match their subresources, and no ephemeral container is there at the creation.
    if (together.includes(PODS)) rules.push(ownRule(apiVersion, ['UPDATE'], [`${PODS}/ephemeralcontainers`]));
  }
  return rules;
}

function customRules({ kinds }: PolicyScope, needed: ReadonlySet<string>): readonly WebhookRule[] {
  const custom = kindsIn(kinds).filter(
    (kind): kind is CustomKind => kind.origin === 'custom' && needed.has(kind.resource),
  );
  const together = Map.groupBy(custom, ({ group, ruleScope }) => `${group} ${ruleScope}`);
  return [...together.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { group, ruleScope: scope } = first;
    const resources = [first, ...others].map(({ resource }) => pluralOf(resource));
    return [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources, scope }];
  });
}

function pluralOf(resource: string): string {
  return resource.split('.', 1)[0] ?? resource;
}

/** The first version of a row is the one that is served today; kinds of the past share their resource with today's. */
function servedAs(resource: string): string {
  const apiVersion = WORKLOAD_KINDS.find((row) => row.resource === resource)?.served[0];
  if (apiVersion === undefined) throw new TypeError(`${resource} is not in the table of kinds`);
  return apiVersion;
}

function ownRule(
  apiVersion: string,
  operations: WebhookRule['operations'],
  resources: readonly string[],
): WebhookRule {
  const group = groupOf(apiVersion);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  return { apiGroups: [group], apiVersions: [version], operations, resources, scope: 'Namespaced' };
}
