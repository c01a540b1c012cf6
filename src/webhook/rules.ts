import type { Policy } from '../policy/policy.ts';
import type { CustomKind } from '../workload/custom/custom-kind.ts';
import { kindsIn } from '../workload/kinds.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';

/** `rules[]` of a webhook: the requests that the API server sends to it. */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  readonly resources: readonly string[];
  /** `*` if the scope is not known. */
  readonly scope: 'Namespaced' | 'Cluster' | '*';
}

/** The parts of a policy that decide which kinds are reviewed. */
export type PolicyScope = Pick<Policy, 'rules' | 'unmatchedImages' | 'kinds'>;

const PODS = 'pods';

/**
 * The rules for exactly the kinds that the policy needs. These are all kinds with images, unless every rule names
 * resources and the policy needs no rule that vouches for an image. Pods are always included, because pods run the images.
 *
 * Subresources such as `status` and `scale` hold no image. DELETE and CONNECT are always admitted. A built-in kind is
 * listed in the one version that every supported Kubernetes serves: with `matchPolicy: Equivalent` the API server
 * converts objects of other versions, such as `batch/v1beta1` of 1.24. A custom resource is listed in every version,
 * because the versions that a cluster serves are not known. A kind that is not installed has no effect.
 */
export function webhookRules(policy: PolicyScope): readonly WebhookRule[] {
  const needed = neededResources(policy);
  return [...ownRules(needed), ...customRules(policy, needed)];
}

/** The rules without cluster-scoped kinds, for a webhook with a namespace selector. */
export function namespacedRules(rules: readonly WebhookRule[]): readonly WebhookRule[] {
  return rules.flatMap((rule) =>
    rule.scope === 'Cluster' ? [] : [{ ...rule, scope: 'Namespaced' as const }],
  );
}

/**
 * Custom resources that rules of the policy name and whose images the gate cannot find. These resources are not
 * reviewed, but their pods are.
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
  // Keep the order of the table, so that equal policies render the same text.
  const resources = [...new Set(WORKLOAD_KINDS.map(({ resource }) => resource))];
  const own = resources.filter((resource) => needed.has(resource));
  for (const [apiVersion, together] of Map.groupBy(own, servedAs)) {
    rules.push(ownRule(apiVersion, ['CREATE', 'UPDATE'], together.map(pluralOf)));
    // A rule for pods does not match their subresources. Ephemeral containers are added to running pods through a
    // subresource.
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

/** The first version of a row is the current one. Former kinds share their resource with the current ones. */
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
