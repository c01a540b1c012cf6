import { describe } from 'node:test';
import { clusterReports, objectOf, withWebhooks } from '#test/cluster-findings.ts';
import type { ClusterMaterial, PeopleMaterial } from './material.ts';

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>> & {
  readonly resourceNames?: readonly string[];
};

const EVERYTHING: Rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };

/** A cluster in which a user has one role. */
function granted(rule: Rule, scope: 'cluster' | 'namespace' = 'cluster'): Partial<ClusterMaterial> {
  const kind = scope === 'cluster' ? 'ClusterRole' : 'Role';
  const role = objectOf(kind, 'granted', { rules: [rule] });
  const binding = objectOf(`${kind}Binding`, 'granted', {
    roleRef: { kind, name: 'granted' },
    subjects: [{ kind: 'User', name: 'visitor' }],
  });
  const none: PeopleMaterial = { clusterRoles: [], clusterRoleBindings: [], roles: [], roleBindings: [] };
  return {
    people:
      scope === 'cluster'
        ? { ...none, clusterRoles: [role], clusterRoleBindings: [binding] }
        : { ...none, roles: [role], roleBindings: [binding] },
  };
}

const editWebhooks: Rule = {
  apiGroups: ['admissionregistration.k8s.io'],
  resources: ['validatingwebhookconfigurations'],
  verbs: ['update'],
};
const createPods: Rule = { apiGroups: [''], resources: ['pods'], verbs: ['create'] };
const labelNamespaces: Rule = { apiGroups: [''], resources: ['namespaces'], verbs: ['patch'] };

const byName = withWebhooks({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
});

describe('users who can switch the gate off or avoid it', () => {
  clusterReports(['WIRING_EDITORS'], 'a right to change webhook configurations', granted(editWebhooks));
  clusterReports(['WIRING_EDITORS'], 'this right for the configuration of the gate', {
    ...granted({ ...editWebhooks, resourceNames: ['kube-image-bouncer'] }),
  });
  clusterReports([], 'this right for another configuration', {
    ...granted({ ...editWebhooks, resourceNames: ['cert-manager'] }),
  });
  clusterReports([], 'a right to read them', granted({ ...editWebhooks, verbs: ['get', 'list'] }));
  clusterReports(['GATE_NAMESPACE_OPEN'], 'a right to create pods everywhere', granted(createPods));
  clusterReports(['GATE_NAMESPACE_OPEN'], 'a right to create pods in the namespace of the gate', {
    ...granted(createPods, 'namespace'),
  });
  clusterReports(['WIRING_EDITORS', 'GATE_NAMESPACE_OPEN'], 'a right to everything', granted(EVERYTHING));
  clusterReports(
    [],
    'a right to label namespaces where no webhook selects by a label',
    granted(labelNamespaces),
  );
  clusterReports(
    ['NAMESPACE_EDITORS', 'SELECTOR_SETTABLE'],
    'a right to label namespaces where a webhook selects by a label',
    {
      ...granted(labelNamespaces),
      ...withWebhooks({
        namespaceSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
      }),
    },
  );
  clusterReports(
    ['KUBE_SYSTEM_NOT_DENIED'],
    'a right to label namespaces where a webhook selects by their name',
    {
      ...granted(labelNamespaces),
      ...byName,
    },
  );
  clusterReports([], 'rights that doctor may not read', { people: undefined });
});
