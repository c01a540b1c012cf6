import { describe } from 'node:test';
import { clusterReports } from '#test/cluster-findings.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';

function apiServer(name: string, plugins: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system' },
    spec: { containers: [{ command: ['kube-apiserver', `--enable-admission-plugins=${plugins}`] }] },
  };
}

const WITH = 'NodeRestriction,ImagePolicyWebhook';

describe('API servers of one cluster', () => {
  clusterReports([], 'two without ImagePolicyWebhook', {
    apiServers: [apiServer('one', 'NodeRestriction'), apiServer('two', 'NodeRestriction')],
  });
  clusterReports([], 'two with ImagePolicyWebhook', {
    apiServers: [apiServer('one', WITH), apiServer('two', WITH)],
  });
  clusterReports(['API_SERVERS_DIFFER'], 'one with ImagePolicyWebhook and one without', {
    apiServers: [apiServer('one', WITH), apiServer('two', 'NodeRestriction')],
  });
});
