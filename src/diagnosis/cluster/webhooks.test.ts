import { describe } from 'node:test';
import { clusterReports, HEALTHY_CLUSTER, namespaceOf, webhooksOf } from '#test/cluster-findings.ts';

describe('the webhook configurations that call the gate', () => {
  clusterReports(['WEBHOOK_DUPLICATE'], 'two configurations', {
    webhooks: [
      ...HEALTHY_CLUSTER.webhooks,
      ...HEALTHY_CLUSTER.webhooks.map((webhook) => ({
        ...webhook,
        source: 'ValidatingWebhookConfiguration old',
      })),
    ],
  });
  clusterReports(['NAMESPACE_UNCOVERED'], 'a namespace that no webhook is called for', {
    webhooks: webhooksOf({ exemptNamespaces: ['web'] }),
    namespaces: [...(HEALTHY_CLUSTER.namespaces ?? []), namespaceOf('web')],
  });
  clusterReports(['KUBE_SYSTEM_NOT_DENIED'], 'kube-system at stage warn', {
    webhooks: webhooksOf({ kubeSystem: 'warn' }),
  });
  clusterReports(['KUBE_SYSTEM_NOT_DENIED'], 'kube-system without a webhook', {
    webhooks: webhooksOf({ kubeSystem: 'exempt' }),
  });
  clusterReports([], 'a list of namespaces that doctor may not read', { namespaces: undefined });
});
