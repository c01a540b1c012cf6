import type { KubernetesObject } from '../../kubernetes/object.ts';
import { isObject, type Fields } from '../../document/json.ts';
import { finding, type Finding, type FindingCode } from '../finding.ts';
import { renderNames } from '../webhook/coverage.ts';
import type { ClusterMaterial, PeopleMaterial } from './material.ts';
import { dependsOnLabels } from './webhooks.ts';

/** A right that allows a user to switch the gate off or to avoid it. */
interface Right {
  readonly code: FindingCode;
  readonly what: string;
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Whether a Role or a RoleBinding in the namespace of the gate is enough for this right. */
  readonly namespaced: boolean;
}

const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];

const WIRING: Right = {
  code: 'WIRING_EDITORS',
  what: 'may change webhook configurations',
  group: 'admissionregistration.k8s.io',
  resources: ['validatingwebhookconfigurations'],
  verbs: WRITE,
  namespaced: false,
};

const LABELS: Right = {
  code: 'NAMESPACE_EDITORS',
  what: 'may label namespaces',
  group: '',
  resources: ['namespaces'],
  verbs: ['create', 'update', 'patch'],
  namespaced: false,
};

const PODS: Right = {
  code: 'GATE_NAMESPACE_OPEN',
  what: 'may create pods there',
  group: '',
  resources: ['pods'],
  verbs: ['create'],
  namespaced: true,
};

/** Reports users with such a right, except users that have it in every cluster (E11). */
export function examinePeople(material: ClusterMaterial): readonly Finding[] {
  const { people, gate } = material;
  if (people === undefined || material.webhooks.length === 0) return [];
  // A gate outside the cluster needs no exempt namespace.
  const isInside = material.webhooks.some(
    ({ target }) => target.form === 'service' && target.namespace === gate.namespace,
  );
  const rights = [WIRING, ...(dependsOnLabels(material) ? [LABELS] : []), ...(isInside ? [PODS] : [])];
  return rights.flatMap((right) => {
    const subjects = subjectsWith(right, people);
    if (subjects.length === 0) return [];
    const where = right.namespaced ? `Namespace ${gate.namespace}` : material.server;
    return [finding(right.code, where, `${renderNames(subjects)} ${right.what}`)];
  });
}

function subjectsWith(right: Right, people: PeopleMaterial): readonly string[] {
  const clusterRoles = givingRoles(right, people.clusterRoles);
  const roles = givingRoles(right, people.roles);
  const bindings = [
    ...people.clusterRoleBindings.filter((binding) => clusterRoles.has(roleOf(binding).name)),
    ...(right.namespaced
      ? people.roleBindings.filter((binding) => {
          const { kind, name } = roleOf(binding);
          return kind === 'Role' ? roles.has(name) : clusterRoles.has(name);
        })
      : []),
  ];
  return [...new Set(bindings.filter(isOwn).flatMap(subjectsOf))].toSorted();
}

/** Whether a binding is not one of the defaults of Kubernetes: of controllers, or of `system:masters` to `cluster-admin`. */
function isOwn({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.['kubernetes.io/bootstrapping'] !== 'rbac-defaults';
}

function givingRoles(right: Right, roles: readonly KubernetesObject[]): ReadonlySet<string> {
  return new Set(
    roles
      .filter(
        ({ rules }) => Array.isArray(rules) && rules.filter(isObject).some((rule) => gives(rule, right)),
      )
      .map(({ metadata }) => metadata.name),
  );
}

function gives(rule: Fields, { group, resources, verbs }: Right): boolean {
  return (
    holdsAny(rule['apiGroups'], [group]) &&
    holdsAny(rule['resources'], resources) &&
    holdsAny(rule['verbs'], verbs) &&
    // A rule with resourceNames gives the right only if it names an object of the gate.
    !(Array.isArray(rule['resourceNames']) && rule['resourceNames'].length > 0 && !namesUs(rule))
  );
}

function namesUs({ resourceNames }: Fields): boolean {
  return (
    Array.isArray(resourceNames) &&
    resourceNames.some((name) => typeof name === 'string' && name.startsWith('kube-image-bouncer'))
  );
}

function holdsAny(values: unknown, wanted: readonly string[]): boolean {
  return Array.isArray(values) && (values.includes('*') || wanted.some((value) => values.includes(value)));
}

function roleOf({ roleRef }: KubernetesObject): { readonly kind: string; readonly name: string } {
  const { kind, name } = isObject(roleRef) ? roleRef : {};
  return { kind: String(kind), name: String(name) };
}

function subjectsOf({ subjects }: KubernetesObject): readonly string[] {
  if (!Array.isArray(subjects)) return [];
  return subjects.filter(isObject).flatMap(({ kind, name, namespace }) => {
    if (kind === 'Group' && name === 'system:masters') return [];
    return [`${String(kind)} ${typeof namespace === 'string' ? `${namespace}/` : ''}${String(name)}`];
  });
}
