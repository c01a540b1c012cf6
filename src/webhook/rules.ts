import type { Policy } from '../policy/policy.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';

/** `rules[]` of a webhook: which requests the API server asks about. */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  readonly resources: readonly string[];
  readonly scope: 'Namespaced';
}

/** What of a policy decides which kinds have to be asked about. */
export type PolicyScope = Pick<Policy, 'rules' | 'unmatchedImages'>;

const PODS = 'pods';

/**
 * Every kind that the policy needs, and none more: all kinds that hold images, unless all rules name resources and an
 * image that no rule selects is allowed. Pods stay in any case, for they are what runs.
 *
 * `status`, `scale` and the like carry no image; DELETE and CONNECT are admitted anyway. A kind is listed in the one
 * version that every supported Kubernetes serves: `matchPolicy: Equivalent` has the others converted to it, such as
 * `batch/v1beta1` of 1.24.
 */
export function webhookRules(policy: PolicyScope): readonly WebhookRule[] {
  const needed = [...neededResources(policy)];
  const rules: WebhookRule[] = [];
  for (const [apiVersion, resources] of Map.groupBy(needed, servedAs)) {
    const plurals = resources.map((resource) => resource.split('.')[0] ?? resource);
    rules.push(rule(apiVersion, ['CREATE', 'UPDATE'], plurals));
    // A rule for pods does not match their subresources, and no ephemeral container is there at the creation.
    if (resources.includes(PODS)) rules.push(rule(apiVersion, ['UPDATE'], [`${PODS}/ephemeralcontainers`]));
  }
  return rules;
}

/**
 * Custom resources that rules of the policy name. The gate cannot read them yet, so that asking about them would cost
 * time and tell nothing; their pods are judged when they come.
 */
export function unreadableResources(policy: PolicyScope): readonly string[] {
  const named = policy.rules.flatMap(({ match }) => [...(match?.resources ?? [])]);
  return [...new Set(named)].filter((resource) => !ALL.has(resource)).toSorted();
}

const ALL: ReadonlySet<string> = new Set(WORKLOAD_KINDS.map(({ resource }) => resource));

function neededResources({ rules, unmatchedImages }: PolicyScope): ReadonlySet<string> {
  if (unmatchedImages === 'Deny') return ALL;
  const named = new Set([PODS]);
  for (const { match } of rules) {
    if (match?.resources === undefined) return ALL;
    for (const resource of match.resources) named.add(resource);
  }
  // In the order of the table, so that the same policy gives the same text.
  return new Set([...ALL].filter((resource) => named.has(resource)));
}

/** The first version of a row is the one that is served today; kinds of the past share their resource with today's. */
function servedAs(resource: string): string {
  const apiVersion = WORKLOAD_KINDS.find((row) => row.resource === resource)?.served[0];
  if (apiVersion === undefined) throw new TypeError(`${resource} is not in the table of kinds`);
  return apiVersion;
}

function rule(
  apiVersion: string,
  operations: WebhookRule['operations'],
  resources: readonly string[],
): WebhookRule {
  const group = groupOf(apiVersion);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  return { apiGroups: [group], apiVersions: [version], operations, resources, scope: 'Namespaced' };
}
